import CCurl
import Glibc
import LinuxSystem

/// One request and its answer while libcurl carries them; its functions are called on the thread that waits for it.
final class HTTPExchange {
    private(set) var status = 0
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var body: [UInt8] = []
    /// What stopped the exchange from within.
    private(set) var failure: (any Error)?

    private let sink: (any BodySink)?
    /// The number of an open file that is sent; -1 for none.
    private let source: Int32
    private let sourcePath: String
    private let range: Range<Int>
    private var sent = 0
    private let cancellation: Cancellation
    private let onSent: (Int) -> Void
    private var hasBegun = false

    /// An answer that goes to no sink may have so many bytes.
    private static let largestBody = 64 << 20

    init(
        _ request: HTTPRequest, sink: (any BodySink)?, cancellation: Cancellation, onSent: @escaping (Int) -> Void
    ) throws {
        self.sink = sink
        self.cancellation = cancellation
        self.onSent = onSent
        if case .file(let path, let range) = request.body {
            source = try FileDescriptor.open(path, O_RDONLY).release()
            (sourcePath, self.range) = (path, range)
        } else {
            source = -1
            (sourcePath, range) = ("", 0..<0)
        }
    }

    deinit { if source >= 0 { close(source) } }

    // MARK: - What comes

    fileprivate func receiveHeader(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        if line.hasPrefix("HTTP/") {
            // An answer of status 100 goes before the one that counts.
            headers = []
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((line[..<colon].lowercased(), String(value)))
        }
    }

    fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            if let sink, (200..<300).contains(status) {
                try beginIfNeeded()
                try sink.write(bytes)
            } else if body.count + bytes.count <= Self.largestBody {
                body += bytes
            } else if (200..<300).contains(status) {
                throw HTTPFailure.permanent("an answer of more than \(Self.largestBody >> 20) MiB")
            }
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// Tells the sink of an answer, also of one without a byte.
    func beginIfNeeded() throws {
        guard let sink, (200..<300).contains(status), !hasBegun else { return }
        hasBegun = true
        try sink.begin(status: status) { name in self.headers.first { $0.name == name }?.value }
    }

    // MARK: - What goes

    var bytesToSend: Int { range.count }

    fileprivate func send(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard source >= 0 else { return 0 }
        let offset = off_t(range.lowerBound + sent)
        let count = pread(source, buffer.baseAddress, min(buffer.count, range.count - sent), offset)
        guard count >= 0, count > 0 || sent == range.count else {
            // The end of a file that was longer when its hash was made.
            failure = count < 0 ? SystemError("read", sourcePath) : SystemError("read", sourcePath, code: ESTALE)
            return nil
        }
        sent += count
        onSent(count)
        return count
    }

    fileprivate var isCancelled: Bool { cancellation.isCancelled }

    // MARK: - For libcurl

    /// Lets `handle` use this exchange, which must outlive it.
    func attach(to handle: UnsafeMutableRawPointer) {
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(handle, CURLOPT_HEADERDATA, pointer)
        ccurl_set_data_function(handle, CURLOPT_HEADERFUNCTION) { data, size, count, exchange in
            HTTPExchange.of(exchange)?.receiveHeader(UnsafeRawBufferPointer(start: data, count: size * count))
            return size * count
        }
        ccurl_set_pointer(handle, CURLOPT_WRITEDATA, pointer)
        ccurl_set_data_function(handle, CURLOPT_WRITEFUNCTION) { data, size, count, exchange in
            let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
            return HTTPExchange.of(exchange)?.receive(bytes) == true ? size * count : 0
        }
        ccurl_set_pointer(handle, CURLOPT_READDATA, pointer)
        ccurl_set_data_function(handle, CURLOPT_READFUNCTION) { data, size, count, exchange in
            let buffer = UnsafeMutableRawBufferPointer(start: data, count: size * count)
            return HTTPExchange.of(exchange)?.send(into: buffer) ?? Int(CURL_READFUNC_ABORT)
        }
        ccurl_set_pointer(handle, CURLOPT_XFERINFODATA, pointer)
        ccurl_set_progress_function(handle) { exchange, _, _, _, _ in
            HTTPExchange.of(exchange)?.isCancelled == true ? 1 : 0
        }
        ccurl_set_number(handle, CURLOPT_NOPROGRESS, 0)
    }

    private static func of(_ pointer: UnsafeMutableRawPointer?) -> HTTPExchange? {
        pointer.map { Unmanaged<HTTPExchange>.fromOpaque($0).takeUnretainedValue() }
    }
}

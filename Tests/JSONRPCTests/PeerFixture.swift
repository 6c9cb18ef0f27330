import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem

/// A peer that answers a few methods, and the bare other end of its socket pair.
final class PeerFixture {
    let loop: EventLoop
    private(set) var server: RPCPeer?
    private let bare: Int32
    private var isOpen = true
    /// Requests of the method `hold`, which the test answers.
    var held: [IncomingRequest] = []
    var notifications: [String] = []
    var closeReason: ByteConnection.CloseReason?

    init(limits: RPCLimits = RPCLimits()) throws {
        loop = try EventLoop()
        let (left, right) = try UnixSocket.pair()
        bare = right
        UnixSocket.setNonBlocking(bare)
        let server = try RPCPeer(FileDescriptor(owning: left), loop: loop, limits: limits)
        self.server = server
        server.onRequest = { [weak self] in self?.answer($0) }
        server.onNotification = { [weak self] method, _ in self?.notifications.append(method) }
        server.onClose = { [weak self] in self?.closeReason = $0 }
    }

    deinit { close() }

    private func answer(_ request: IncomingRequest) {
        let parameters = request.parameters
        switch request.method {
        case "subtract":
            let first = parameters?[0] ?? parameters?["minuend"]
            let second = parameters?[1] ?? parameters?["subtrahend"]
            guard let first = first?.integer, let second = second?.integer else {
                request.fail(.invalidParameters("two numbers"))
                return
            }
            request.succeed(.integer(first - second))
        case "sum":
            request.succeed(.integer(parameters?.array?.reduce(0) { $0 + ($1.integer ?? 0) } ?? 0))
        case "get_data": request.succeed(["hello", 5])
        case "echo": request.succeed(parameters ?? .null)
        case "large": request.succeed(.string(String(repeating: "x", count: Int(parameters?[0]?.integer ?? 0))))
        case "hold":
            request.onCancel = { [weak request] in request?.fail(.cancelled) }
            held.append(request)
        case "drop": break
        default: request.fail(.methodNotFound(request.method))
        }
    }

    /// Runs the loop as long as something happens.
    func settle() throws {
        for _ in 0..<3 { try loop.runOnce(atMost: 0.002) }
    }

    /// Sends everything and lets the peer work on it; what it sends meanwhile is kept for `received`.
    ///
    /// - Returns: how many bytes the peer took before it closed.
    @discardableResult
    func send(_ bytes: [UInt8], passing descriptors: [Int32] = []) throws -> Int {
        var rest = bytes[...]
        var passed = descriptors
        while !rest.isEmpty {
            let count = try push(rest, passing: passed)
            if count < 0 { break }
            if count == 0 {
                try loop.runOnce(atMost: 0.002)
                collect()
            } else {
                passed = []
                rest = rest.dropFirst(count)
            }
        }
        try settle()
        return bytes.count - rest.count
    }

    /// How many bytes fit now; -1 when the peer has closed.
    func push(_ bytes: ArraySlice<UInt8>, passing descriptors: [Int32] = []) throws -> Int {
        if bytes.isEmpty { return 0 }
        do {
            return try UnixSocket.send(bytes, to: bare, passing: descriptors) ?? 0
        } catch {
            if error.code == EPIPE || error.code == ECONNRESET { return -1 }
            throw error
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Tells the peer that nothing more will come.
    func finishSending() throws {
        shutdown(bare, Int32(SHUT_WR))
        try settle()
    }

    func close() {
        if isOpen { Glibc.close(bare) }
        isOpen = false
    }

    private var buffer: [UInt8] = []

    private func collect() {
        while case .bytes(let bytes, _)? = try? UnixSocket.receive(from: bare) { buffer += bytes }
    }

    /// Everything that the peer has sent since the last time.
    func received() throws -> String {
        try settle()
        collect()
        defer { buffer = [] }
        return String(decoding: buffer, as: UTF8.self)
    }

    /// Whether the peer has closed its end.
    func isClosedByPeer() throws -> Bool {
        try settle()
        collect()
        return try UnixSocket.receive(from: bare) == .closed
    }

    /// Sends text and gives the lines that come back, as values.
    func exchange(_ text: String) throws -> [JSONValue] {
        try send(text)
        return try lines(received())
    }

    func lines(_ text: String) throws -> [JSONValue] {
        try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }
}

/// An error's code and id in a response.
func failure(_ response: JSONValue?) -> (code: Int64?, id: JSONValue?) {
    (response?["error"]?["code"]?.integer, response?["id"])
}

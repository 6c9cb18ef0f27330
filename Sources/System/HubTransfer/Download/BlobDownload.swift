import Glibc
import LinuxSystem

/// Downloads one file into `blobs`, from where an earlier attempt stopped.
///
/// Bytes are added to `HASH.incomplete`, which gets the name of a blob after its size and hash were found right and it
/// lies on the disk.
struct BlobDownload {
    let file: RemoteFile
    let name: String
    let request: HTTPRequest
    let folder: RepositoryFolder
    let subject: HubSubject
    let progress: TransferProgress

    /// - Parameter again: also when the blob is there
    func run(_ client: HubClient, again: Bool) throws {
        let cancellation = client.access.cancellation
        let blob = folder.blob(name)
        try folder.locked(name, cancellation) {
            if !again, let size = FileSystem.size(of: blob), file.size == nil || file.size == size {
                progress.update { $0.bytesDone += file.size ?? 0 }
                return
            }
            let path = blob + ".incomplete"
            let sink = try IncompleteFile(path: path, size: file.size, startsAnew: again, progress: progress)
            try fetch(into: sink, client)
            if try !verify(path, cancellation) {
                // Bytes of an earlier attempt may be those of another version, so all are fetched once more.
                try sink.startAnew()
                try fetch(into: sink, client)
                guard try verify(path, cancellation) else {
                    unlink(path)
                    throw HubError(
                        .network,
                        "\(client.access.hub.title): \(subject.description) has another hash than the hub says, twice",
                        hint: "it was changed meanwhile, or something between here and the hub alters it; try again")
                }
            }
            try sink.finish()
            guard rename(path, blob) == 0 else { throw SystemError("rename", blob) }
            try FileSystem.synchronizeDirectory(folder.blobs)
        }
    }

    private func fetch(into sink: IncompleteFile, _ client: HubClient) throws {
        if let size = file.size, sink.length == size { return }
        let response: HTTPResponse
        do {
            response = try client.send(
                request, sink: sink,
                before: { attempt in
                    attempt.headers.append(("Accept-Encoding", "identity"))
                    if sink.length > 0 { attempt.headers.append(("Range", "bytes=\(sink.length)-")) }
                }, progress: { sink.furthest }, expectsAll: { sink.isWhole })
        } catch let error as SystemError {
            let needed = file.size.map { $0 - sink.length }
            throw HubError.ofTarget(error, folder: folder.path, needed: needed) ?? error
        }
        // The server has less than is here, or exactly that and no word of its size.
        if response.status == 416 {
            guard file.size == nil || sink.length != file.size else { return }
            if sink.length > 0, !sink.wasRefused {
                try sink.startAnew()
                sink.wasRefused = true
                return try fetch(into: sink, client)
            }
        }
        guard response.isSuccess else { throw client.refusal(response, subject) }
    }

    private func verify(_ path: String, _ cancellation: Cancellation) throws -> Bool {
        if let size = file.size, FileSystem.size(of: path) != size { return false }
        guard let hash = file.hash else { return true }
        return try ContentHash.of(hash.algorithm, file: path, cancellation: cancellation) == hash
    }
}

/// The file that a download grows in.
private final class IncompleteFile: BodySink {
    private let path: String
    private let size: Int?
    private let descriptor: FileDescriptor
    private let progress: TransferProgress
    private(set) var length: Int
    /// The length that was ever reached. A server that begins anew every time and breaks off at the same place makes no
    /// progress.
    private(set) var furthest: Int
    var wasRefused = false
    /// What the last answer said its body would bring the file to.
    private var announced: Int?

    init(path: String, size: Int?, startsAnew: Bool, progress: TransferProgress) throws {
        self.path = path
        self.size = size
        self.progress = progress
        descriptor = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o644)
        length = try Int(descriptor.status().st_size)
        furthest = length
        progress.update { $0.bytesDone += length }
        if startsAnew || length > size ?? .max { try startAnew() }
    }

    /// Whether what the hub says of the size is reached; true where it says nothing.
    var isWhole: Bool { (size ?? announced).map { length >= $0 } ?? true }

    func startAnew() throws {
        try cut(to: 0)
        furthest = 0
    }

    private func cut(to length: Int) throws {
        guard ftruncate(descriptor.number, off_t(length)) == 0 else { throw SystemError("ftruncate", path) }
        progress.update { $0.bytesDone -= self.length - length }
        self.length = length
    }

    func begin(status: Int, header: (String) -> String?) throws {
        // `bytes 100-199/200`
        let start = status == 206 ? header("content-range").flatMap(Self.start) : 0
        guard let start, start <= length else {
            throw HTTPFailure.connection("an answer that begins elsewhere than where it was asked to")
        }
        if start < length { try cut(to: start) }
        announced = header("content-length").flatMap { Int($0) }.map { start + $0 }
        guard lseek(descriptor.number, off_t(length), SEEK_SET) >= 0 else { throw SystemError("lseek", path) }
    }

    private static func start(_ range: String) -> Int? {
        guard range.hasPrefix("bytes ") else { return nil }
        return Int(range.dropFirst(6).prefix { $0.isNumber })
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        if let size, length + bytes.count > size {
            throw HTTPFailure.connection("an answer of more bytes than the hub says the file has")
        }
        try descriptor.writeAll(bytes, subject: path)
        length += bytes.count
        furthest = max(furthest, length)
        progress.update {
            $0.bytesDone += bytes.count
            $0.bytesTransferred += bytes.count
        }
    }

    func finish() throws { try descriptor.synchronize(subject: path) }
}

import Dispatch
import Glibc
import JSONDocuments
import LinuxSystem
import Synchronization
import TerminalOutput
import TunectlCommands

/// A daemon in the same process, at the other end of a socket pair.
final class FakeDaemon: Sendable {
    /// Answers one request with the lines to send back, in order; nil closes the connection.
    typealias Handler = @Sendable (_ id: JSONValue, _ method: String, _ params: JSONValue) -> [JSONValue]?

    private let received = Mutex<[JSONValue]>([])
    private let descriptor: Int32
    let clientEnd: Int32

    init(_ handler: @escaping Handler) {
        var ends: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        descriptor = ends[0]
        clientEnd = ends[1]
        DispatchQueue(label: "fake daemon").async { [self] in serve(handler) }
    }

    /// Every message that came in, in order.
    var messages: [JSONValue] { received.withLock { $0 } }

    private func serve(_ handler: Handler) {
        var buffer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            buffer += chunk[..<count]
            while let end = buffer.firstIndex(of: 0x0A) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                guard let message = try? JSONValue(parsing: line) else { continue }
                received.withLock { $0.append(message) }
                guard let method = message["method"]?.string, let id = message["id"] else { continue }
                guard let replies = handler(id, method, message["params"] ?? .null) else {
                    close(descriptor)
                    return
                }
                for reply in replies {
                    let bytes = Array((reply.serialized(.compact) + "\n").utf8)
                    // In two pieces, so that the client has to put lines together.
                    let half = bytes.count / 2
                    _ = send(descriptor, bytes, half, Int32(MSG_NOSIGNAL))
                    _ = send(descriptor, Array(bytes[half...]), bytes.count - half, Int32(MSG_NOSIGNAL))
                }
            }
        }
        close(descriptor)
    }

    static func result(_ id: JSONValue, _ result: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "result": result]
    }

    static func error(_ id: JSONValue, kind: String, _ message: String, hint: String? = nil) -> JSONValue {
        var data: JSONObject = ["kind": .string(kind)]
        data["hint"] = hint.map(JSONValue.string)
        return [
            "jsonrpc": "2.0", "id": id,
            "error": ["code": 1000, "message": .string(message), "data": .object(data)],
        ]
    }

    static func notification(_ method: String, _ params: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "method": .string(method), "params": params]
    }
}

/// One run of `tunectl` against a fake daemon.
struct TunectlRun {
    let exitCode: ExitCode
    let output: String
    let errors: String
    let requests: [JSONValue]
    /// What was asked of `finetuned-fetch`, and where.
    let transfers: [(place: FetchPlace, request: JSONValue)]

    init(
        _ arguments: [String], input: [String] = [], inputIsTerminal: Bool = false, files: [String: String] = [:],
        terminal: Bool = false, outputCapacity: Int = .max, environment: [String: String] = [:],
        hasFetchService: Bool = false, daemon handler: FakeDaemon.Handler? = nil, fetch: FakeDaemon.Handler? = nil
    ) {
        var fetchers: [(place: FetchPlace, daemon: FakeDaemon)] = []
        let daemon = handler.map(FakeDaemon.init)
        let output = MemorySink(capacity: outputCapacity)
        let errors = MemorySink()
        let properties = TerminalProperties(isTerminal: terminal, usesColor: false, usesUTF8: true)
        let context = CommandContext(
            environment: environment, workingDirectory: "/work",
            input: MemoryLineSource(input, isTerminal: inputIsTerminal), output: output, errors: errors,
            outputTerminal: properties, errorTerminal: properties, columns: { 80 },
            readFile: { path in
                guard let text = files[path] else {
                    throw CommandFailure(kind: "not_found", message: "\(path) cannot be read: No such file")
                }
                return text
            }, pause: { _ in }, fetchServiceExists: { _ in hasFetchService },
            connectFetch: { place, _ in
                guard let fetch else { throw CommandFailure(kind: "unreachable", message: "no finetuned-fetch") }
                let daemon = FakeDaemon(fetch)
                fetchers.append((place, daemon))
                return ServiceClient(
                    transport: SocketTransport(
                        descriptor: FileDescriptor(owning: daemon.clientEnd), interrupts: .none))
            }
        ) { _ in
            guard let daemon else { throw CommandFailure(kind: "unreachable", message: "no daemon") }
            return ServiceClient(
                transport: SocketTransport(
                    descriptor: FileDescriptor(owning: daemon.clientEnd), interrupts: .none))
        }
        exitCode = context.run(arguments)
        self.output = output.text
        self.errors = errors.text
        requests = daemon?.messages ?? []
        transfers = fetchers.flatMap { fetcher in fetcher.daemon.messages.map { (fetcher.place, $0) } }
    }

    var lines: [String] { output.split(separator: "\n").map(String.init) }
}

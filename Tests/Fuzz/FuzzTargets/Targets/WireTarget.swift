import DaemonService
import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI

/// The daemon's door: framing, JSON, messages and the parameters of every method, over a socket pair.
///
/// Requests are made from the published schemas. Whatever comes, every answer is a JSON-RPC response.
struct WireTarget: FuzzTarget {
    static let name = "wire"
    static let tokens = [
        "\n", "\r\n", "Content-Length: ", "\r\n\r\n", "{\"jsonrpc\":\"2.0\",", "\"id\":1", "\"method\":\"job.list\"",
        "\"params\":", "[", "]",
        "{", "}", ",", "\"", "$/cancelRequest", "null",
    ]
    static var seeds: [[UInt8]] {
        [
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"job.list\",\"params\":{\"limit\":3,\"states\":[\"queued\"]}}\n",
            "[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"system.info\"},{\"jsonrpc\":\"2.0\",\"method\":\"x\"},1]\n{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"job.get\",\"params\":[\"1\"]}\n",
            "Content-Length: 46\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"model.list\"}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancelRequest\",\"params\":{\"id\":1}}\n",
        ].map { Array($0.utf8) }
    }

    private let loop: EventLoop
    private let methods: [(name: String, parameters: [(name: String, schema: JSONValue)])]
    private let components: JSONValue

    init() throws {
        loop = try EventLoop()
        let document = JSONValue.object(try OpenRPCDocument.make())
        components = document["components"]?["schemas"] ?? [:]
        methods = (document["methods"]?.array ?? []).map { method in
            (
                method["name"]?.string ?? "",
                (method["params"]?.array ?? []).map { ($0["name"]?.string ?? "", $0["schema"] ?? [:]) }
            )
        }
    }

    func generate(_ random: inout Randomness) throws -> [UInt8]? {
        if random.oneIn(5) { return nil }
        let count = random.oneIn(4) ? random.below(6) : 1
        let messages = (0..<count).map { _ in message(&random) }
        let value: JSONValue = count == 1 ? messages[0] : .array(messages)
        let body = value.serializedBytes(.compact)
        if random.oneIn(6) { return Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body }
        return body + [10]
    }

    private func message(_ random: inout Randomness) -> JSONValue {
        var message: JSONObject = ["jsonrpc": "2.0"]
        if !random.oneIn(6) {
            message["id"] = random.element([1, 2, "a", "", .null, 1.5, -7, [], true])
        }
        guard let method = random.element(methods) else { return .object(message) }
        message["method"] = .string(method.name)
        var values: [(name: String, value: JSONValue)] = []
        for parameter in method.parameters where !random.oneIn(3) {
            values.append((parameter.name, value(parameter.schema, 0, &random)))
        }
        if random.oneIn(4) {
            message["params"] = .array(values.map(\.value))
        } else {
            message["params"] = .object(JSONObject(values.map { (key: $0.name, value: $0.value) }))
        }
        return .object(message)
    }

    /// A value of a schema, now and then of another one.
    private func value(_ schema: JSONValue, _ depth: Int, _ random: inout Randomness) -> JSONValue {
        if random.oneIn(12) {
            return random.element([.null, true, -1, 1e300, "", [], [:], .integer(.max), .integer(.min), "\u{0}"])
                ?? .null
        }
        if let reference = schema["$ref"]?.string, depth < 8 {
            return value(components[String(reference.split(separator: "/").last ?? "")] ?? [:], depth + 1, &random)
        }
        if let cases = schema["enum"]?.array { return random.element(cases) ?? .null }
        switch schema["type"]?.string {
        case "string":
            return random.element(["", "a", "../../etc/passwd", "/tmp", "stage: sft", "a=b", "\u{10FFFF}"]) ?? .null
        case "integer": return .integer(random.element([0, 1, -1, 7, 65536, .max, .min]) ?? 0)
        case "number": return .number(random.element([0, 0.5, -1e10, 1e300]) ?? 0)
        case "boolean": return .bool(random.oneIn(2))
        case "array" where depth < 8:
            return .array((0..<random.below(4)).map { _ in value(schema["items"] ?? [:], depth + 1, &random) })
        case "object" where depth < 8:
            var object = JSONObject()
            for (name, member) in schema["properties"]?.object ?? [:] where !random.oneIn(3) {
                object[name] = value(member, depth + 1, &random)
            }
            return .object(object)
        default: return .null
        }
    }

    func take(_ input: [UInt8]) throws {
        let (left, right) = try UnixSocket.pair()
        let bare = FileDescriptor(owning: right)
        UnixSocket.setNonBlocking(bare.number)
        var limits = RPCLimits()
        limits.messageBytes = 32768
        limits.congestedBytes = 65536
        let peer = try RPCPeer(FileDescriptor(owning: left), loop: loop, limits: limits)
        var requests = 0
        peer.onRequest = { request in
            requests += 1
            Self.answer(request)
        }
        defer { peer.close() }
        var rest = input[...]
        var replies: [UInt8] = []
        // Cut where it hurts: the length decides, so that the same input is always cut the same way.
        let piece = max(1, input.count % 97)
        for _ in 0..<10_000 where !rest.isEmpty {
            let count = push(rest.prefix(piece), bare.number)
            if count < 0 { break }
            rest = rest.dropFirst(count)
            if rest.count % 3 == 0 { try loop.runOnce(atMost: 0) }
            collect(&replies, bare.number)
        }
        shutdown(bare.number, Int32(SHUT_WR))
        for _ in 0..<64 { try loop.runOnce(atMost: 0) }
        collect(&replies, bare.number)
        try check(replies)
    }

    /// How many bytes fit now; -1 when the peer has closed.
    private func push(_ bytes: ArraySlice<UInt8>, _ number: Int32) -> Int {
        do {
            return try UnixSocket.send(bytes, to: number) ?? 0
        } catch {
            return -1
        }
    }

    private func collect(_ replies: inout [UInt8], _ number: Int32) {
        while case .bytes(let bytes, _)? = try? UnixSocket.receive(from: number) { replies += bytes }
    }

    /// Every method's own parameters are decoded, as the daemon does before it calls a handler.
    private static func answer(_ request: IncomingRequest) {
        guard let method = MethodRegistry.methods.first(where: { $0.name == request.method }) else {
            request.fail(.methodNotFound(request.method))
            return
        }
        do {
            try decode(method, request.parameters)
            request.succeed(.null)
        } catch let error as ServiceError {
            request.fail(error.rpcError)
        } catch {
            request.fail(.internal("\(error)"))
        }
    }

    private static func decode<Method: ServiceMethod>(_ method: Method.Type, _ parameters: JSONValue?) throws {
        _ = try JSONValue(encoding: try MethodDispatch.decode(method, parameters))
    }

    private func check(_ replies: [UInt8]) throws {
        var framer = MessageFramer(limit: 1 << 24)
        framer.append(replies)
        while let line = try framer.next() {
            let value = try JSONValue(parsing: line)
            for reply in value.array ?? [value] {
                let hasOne = (reply["result"] == nil) != (reply["error"] == nil)
                guard reply["jsonrpc"] == "2.0", reply["id"] != nil, hasOne else {
                    throw BrokenPromise("no response: \(reply)")
                }
                if reply["error"]?["code"] == -32603 { throw BrokenPromise("a defect: \(reply)") }
            }
        }
        if framer.waitingBytes > 0 { throw BrokenPromise("a reply without an end") }
    }

    static func isExpected(_ error: any Error) -> Bool { false }
}

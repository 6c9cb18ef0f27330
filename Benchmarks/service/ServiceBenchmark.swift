import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem

/// Measures a daemon of its own: ready time, idle memory, how long requests take and how many there are in a second.
///
///     service-benchmark bin/finetuned [CALLS]
@main enum ServiceBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        let program = arguments.count > 1 ? arguments[1] : "bin/finetuned"
        let calls = arguments.count > 2 ? Int(arguments[2]) ?? 5000 : 5000
        let folder = "/tmp/finetuned-bench-\(getpid())"
        try FileSystem.createDirectories(folder, mode: 0o700)
        let ready = try (0..<5).map { try start(program, "\(folder)/ready-\($0)", calls: 0) }
        print("ready, from exec to the first connect: \(milliseconds(ready.sorted()[2])) (median of 5)")
        _ = try start(program, "\(folder)/calls", calls: calls)
        try FileSystem.remove(folder)
    }

    /// Starts a daemon, measures, stops it; the result is its ready time in seconds.
    private static func start(_ program: String, _ folder: String, calls: Int) throws -> Double {
        try FileSystem.createDirectories(folder, mode: 0o700)
        let begin = MonotonicClock.seconds
        let daemon = try ChildProcess(
            program: program, arguments: ["--socket", "\(folder)/s", "--state-dir", "\(folder)/state"], environment: [],
            descriptors: [:])
        defer {
            daemon.signal(SIGTERM)
            while daemon.poll() == nil { usleep(1000) }
        }
        var connection: FileDescriptor?
        while connection == nil, MonotonicClock.seconds - begin < 10 {
            connection = try? UnixSocket.connect(to: "\(folder)/s")
            if connection == nil { usleep(200) }
        }
        let ready = MonotonicClock.seconds - begin
        guard calls > 0, let socket = connection.take() else { return ready }
        sleep(5)
        let memory = MemoryUsage(process: daemon.process)
        print("idle memory 5 s after that: \((memory?.resident ?? 0) / 1024) KiB resident")
        let client = Client(socket)
        for method in ["system.info", "job.list", "rpc.discover"] {
            let times = try client.times(method, calls: method == "rpc.discover" ? 200 : calls).sorted()
            let (half, most) = (times[times.count / 2], times[times.count * 99 / 100])
            print("\(method): p50 \(milliseconds(half)), p99 \(milliseconds(most))")
        }
        let rate = try client.rate("system.info", calls: 4 * calls)
        print("system.info, 32 in flight on one connection: \(Int(rate)) a second")
        return ready
    }

    private static func milliseconds(_ seconds: Double) -> String {
        let micro = Int((seconds * 1e6).rounded())
        return "\(micro / 1000).\(String(1000 + micro % 1000).dropFirst()) ms"
    }
}

/// A blocking connection.
private final class Client {
    private let socket: FileDescriptor
    private var received: [UInt8] = []

    init(_ socket: consuming FileDescriptor) { self.socket = socket }

    func times(_ method: String, calls: Int) throws -> [Double] {
        let line = request(method)
        return try (0..<calls).map { _ in
            let begin = MonotonicClock.nanoseconds
            try socket.writeAll(line)
            try readLines(1)
            return Double(MonotonicClock.nanoseconds - begin) / 1e9
        }
    }

    func rate(_ method: String, calls: Int) throws -> Double {
        let line = (0..<32).flatMap { request(method, id: $0) }
        let begin = MonotonicClock.seconds
        for _ in 0..<calls / 32 {
            try socket.writeAll(line)
            try readLines(32)
        }
        return Double(calls / 32 * 32) / (MonotonicClock.seconds - begin)
    }

    private func request(_ method: String, id: Int64 = 1) -> [UInt8] {
        RPCMessage.request(id: .integer(id), method: method, parameters: nil).line
    }

    private func readLines(_ count: Int) throws {
        var missing = count
        while missing > 0 {
            guard case .bytes(let bytes, _) = try UnixSocket.receive(from: socket.number) else {
                throw SystemError("recvmsg", "the daemon has closed the connection", code: ECONNRESET)
            }
            missing -= bytes.count { $0 == 10 }
        }
    }
}

import Glibc
import LinuxSystem
import ServiceAPI
import TerminalOutput

/// The program `tunectl`.
package enum Tunectl {
    /// Seconds to wait for the socket of a daemon that is just starting.
    private static let patience = 2.0

    /// Runs the command line of this process and returns its exit code.
    package static func main() -> Int32 {
        StandardDescriptors.reserve()
        let environment = processEnvironment()
        let interrupts = Interrupts.install()
        let outputTerminal = TerminalProperties(descriptor: 1, environment: environment)
        let context = CommandContext(
            environment: environment, workingDirectory: currentDirectory(environment),
            input: DescriptorLineSource(descriptor: 0, interrupts: interrupts), output: DescriptorSink(descriptor: 1),
            errors: DescriptorSink(descriptor: 2), outputTerminal: outputTerminal,
            errorTerminal: TerminalProperties(descriptor: 2, environment: environment),
            columns: { TerminalProperties.columns(of: 1) }, readFile: InputFile.text,
            pause: interrupts.pause,
            socketExists: { socket in
                let path = try? SocketChoice.path(option: socket, environment: environment) { access($0, F_OK) == 0 }
                return path.map { access($0, F_OK) == 0 } ?? false
            },
            fetchServiceExists: { socket in
                let path = try? SocketChoice.path(option: socket, environment: environment) { access($0, F_OK) == 0 }
                return path.map { access(FetchConnection.socket(besideDaemon: $0), F_OK) == 0 } ?? false
            },
            connectFetch: { place, socket in
                let path = try SocketChoice.path(option: socket, environment: environment) { access($0, F_OK) == 0 }
                return try FetchConnection.open(place, daemonSocket: path, interrupts: interrupts)
            }
        ) { socket in
            let path = try SocketChoice.path(option: socket, environment: environment) { access($0, F_OK) == 0 }
            return ServiceClient(
                transport: try SocketTransport.connect(path: path, patience: patience, interrupts: interrupts))
        }
        context.terminal = ProcessTerminal(interrupts: interrupts, environment: environment)
        return context.run(Array(CommandLine.arguments.dropFirst())).rawValue
    }

    /// The environment's variables that the client itself reads.
    private static func processEnvironment() -> [String: String] {
        let names =
            [
                "FINETUNED_SOCKET", "XDG_RUNTIME_DIR", "NO_COLOR", "TERM", "CLICOLOR_FORCE", "LC_ALL", "LC_CTYPE",
                "LANG",
                "PWD", "HOME", "XDG_STATE_HOME", "TMPDIR", "VISUAL", "EDITOR", "XDG_CACHE_HOME", "HF_HOME",
                "HF_TOKEN_PATH",
                "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_DISABLE_PROGRESS_BARS", "USE_MODELSCOPE_HUB",
                "USE_OPENMIND_HUB",
            ] + Hub.allCases.flatMap(\.tokenVariables)
        var environment: [String: String] = [:]
        for name in names {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        return environment
    }

    /// The current directory as the shell names it, when that is true, else as the kernel does.
    private static func currentDirectory(_ environment: [String: String]) -> String {
        if let path = environment["PWD"], path.hasPrefix("/"), isSameDirectory(path, ".") { return path }
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func isSameDirectory(_ first: String, _ second: String) -> Bool {
        var one = stat()
        var other = stat()
        return stat(first, &one) == 0 && stat(second, &other) == 0 && one.st_dev == other.st_dev
            && one.st_ino == other.st_ino
    }
}

/// Reads the small files that are sent to the service.
enum InputFile {
    /// The service's own limit for a configuration, and a little more so that it can say so.
    private static let largestSize = 2 << 20

    static func text(_ path: String) throws -> String {
        let bytes = try bytes(of: path)
        do {
            return try TextEncoding.text(of: bytes)
        } catch {
            throw CommandFailure(kind: ErrorKind.badConfig.rawValue, message: "\(path) cannot be read: \(error)")
        }
    }

    static func bytes(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw CommandFailure(
                kind: code == EACCES ? "permission" : "not_found",
                message: "\(path) cannot be read: \(strerror(code).map { String(cString: $0) } ?? "error \(code)")")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= largestSize {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure(kind: "not_found", message: "\(path) cannot be read; is it a directory?")
            }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}

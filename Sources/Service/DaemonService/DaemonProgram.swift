import Glibc
import LinuxSystem

/// The whole of `finetuned`; the result is its exit status.
package func runDaemon() -> Int32 {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.contains("--help") || arguments.contains("-h") {
        print(DaemonOptions.usage)
        return 0
    }
    if arguments == ["--version"] {
        print("finetuned \(Daemon.version)")
        return 0
    }
    signal(SIGPIPE, SIG_IGN)
    do {
        let options = try DaemonOptions(arguments: arguments) { name in
            unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        try Daemon(options: options).run()
        return 0
    } catch let error as DaemonOptions.UsageError {
        report("\(error)")
        return 2
    } catch {
        report("\(error)")
        return error is StateLock.Taken ? 75 : 73
    }
}

private func report(_ message: String) {
    let output = FileDescriptor(owning: STDERR_FILENO)
    try? output.writeAll("finetuned: \(message)\n")
    _ = output.release()
}

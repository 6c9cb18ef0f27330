import Glibc
import JobStore
import LinuxSystem
import StructuredLogging

/// The whole of `finetuned`; the result is its exit status.
package func runDaemon() -> Int32 {
    StandardDescriptors.reserve()
    var arguments = Array(CommandLine.arguments.dropFirst())
    if let status = answer(arguments) { return status }
    let onlyChecks = arguments.contains("--check-config")
    arguments.removeAll { $0 == "--check-config" }
    signal(SIGPIPE, SIG_IGN)
    do {
        let options = try DaemonOptions(arguments: arguments) { name in
            unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        if onlyChecks {
            let files = options.settingsFiles.isEmpty ? "none, so the defaults hold" : "\(options.settingsFiles)"
            return tell("the settings are correct; files read: \(files)\n")
        }
        try Daemon(options: options).run()
        return 0
    } catch {
        let end = ending(error)
        ServiceManager.notify(.failed(code: end.code), .status("failed: \(error)"))
        // Once: the journal has what standard error gets where both are one.
        if Logger.Destination.detected == .journal, !(error is DaemonOptions.UsageError) {
            Logger().log(.daemonFailed, ["reason": "\(error)"])
        } else {
            report("\(error)")
        }
        return end.status
    }
}

/// The options that print something and end.
private func answer(_ arguments: [String]) -> Int32? {
    switch arguments.first {
    case "--help"?, "-h"?: return tell(DaemonOptions.usage + "\n")
    case "--version"? where arguments.count == 1: return tell("finetuned \(Daemon.version)\n")
    case "--example-config"? where arguments.count == 1: return tell(DaemonManual.exampleSettings)
    case "--manual"? where arguments.count == 2:
        guard let page = DaemonManual.page(arguments[1]) else {
            report("there is no manual page \(arguments[1]): expected finetuned or finetuned.yaml")
            return 2
        }
        return tell(page)
    default: return nil
    }
}

private func tell(_ text: String) -> Int32 { StandardDescriptors.answer(text, of: "finetuned") }

/// The exit status of sysexits.h, and the `errno` that systemd shows.
private func ending(_ error: any Error) -> (status: Int32, code: Int32) {
    switch error {
    case is DaemonOptions.UsageError: (2, EINVAL)
    case is DaemonSettingsFile.Failure, is DaemonOptions.UnusableSockets: (78, EINVAL)
    case is StateLock.Taken: (75, EBUSY)
    case is UnixSocket.Occupied: (73, EEXIST)
    case let error as SystemError: (73, error.code)
    case JobStoreError.diskFull: (73, ENOSPC)
    default: (73, EIO)
    }
}

private func report(_ message: String) {
    try? StandardDescriptors.write("finetuned: \(message)\n", to: STDERR_FILENO)
}

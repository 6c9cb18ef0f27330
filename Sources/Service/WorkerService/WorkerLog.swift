import Glibc

/// The worker's standard output, which the daemon keeps as the job's log.
enum WorkerLog {
    /// Writes a line at once; a log that cannot be written stops nothing.
    static func write(_ line: String) {
        var text = line + "\n"
        text.withUTF8 { _ = Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}

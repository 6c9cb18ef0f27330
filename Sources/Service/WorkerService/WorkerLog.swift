import Glibc

/// The worker's standard output, which the daemon keeps as the job's log.
enum WorkerLog {
    /// Writes a line at once; a log that cannot be written stops nothing.
    static func write(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
        var text = line + "\n"
        text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}

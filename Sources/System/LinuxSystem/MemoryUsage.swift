import Glibc

/// A process' memory as /proc/PID/status tells it, in bytes.
package struct MemoryUsage: Sendable, Equatable {
    /// `VmRSS`: resident now, files included.
    package var resident = 0
    /// `VmHWM`: the most that was ever resident.
    package var peak = 0
    /// `RssAnon`: resident and not backed by a file.
    package var anonymous = 0
    /// `RssFile` and `RssShmem`: resident pages of files, which other processes that map them share.
    package var shared = 0

    /// - Parameter process: a process id, nil for this process.
    package init?(process: Int32? = nil) {
        let path = "/proc/\(process.map { String($0) } ?? "self")/status"
        guard let text = try? MappedFile.contents(of: path, limit: 65536) else { return nil }
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            let fields = line.split { $0 == " " || $0 == "\t" }
            guard fields.count >= 2, let kibibytes = Int(fields[1]) else { continue }
            switch fields[0] {
            case "VmRSS:": resident = kibibytes * 1024
            case "VmHWM:": peak = kibibytes * 1024
            case "RssAnon:": anonymous = kibibytes * 1024
            case "RssFile:", "RssShmem:": shared += kibibytes * 1024
            default: continue
            }
        }
    }
}

import Glibc
import LinuxSystem

/// The lines a person typed, kept between sessions in a file that only they can read.
///
/// Every line is appended at once, so that sessions side by side lose nothing of each other.
package struct HistoryFile: Sendable {
    package static let capacity = 1000
    /// A line longer than this is not kept.
    private static let longestLine = 16 << 10
    private static let largestFile = 32 << 20

    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// `$XDG_STATE_HOME/tunectl/history`, or below `~/.local/state`; nil without a home.
    package init?(environment: [String: String]) {
        func folder(_ name: String) -> String? {
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        guard let state = folder("XDG_STATE_HOME") ?? folder("HOME").map({ $0 + "/.local/state" }) else { return nil }
        self.init(path: state + "/tunectl/history")
    }

    /// The latest lines, the oldest first; a file that cannot be read is an empty history.
    ///
    /// A file that has grown to twice the capacity is cut back.
    package func load() -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < Self.largestFile {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        let lines = bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        let kept = Array(lines.suffix(Self.capacity))
        if lines.count > 2 * Self.capacity { replace(by: kept) }
        return kept
    }

    /// Adds a line; an account without a place to write has no history and no error.
    package func append(_ line: String) {
        guard !line.isEmpty, line.utf8.count <= Self.longestLine, !line.utf8.contains(0x0A) else { return }
        makeFolders()
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // The mode also holds for a file that an earlier program left open to others.
        fchmod(descriptor, 0o600)
        let bytes = Array((line + "\n").utf8)
        _ = write(descriptor, bytes, bytes.count)
    }

    private func replace(by lines: [String]) {
        guard let file = try? AtomicFile(replacing: path, mode: 0o600),
            (try? file.write(lines.map { $0 + "\n" }.joined())) != nil
        else { return }
        try? file.commit()
    }

    private func makeFolders() {
        var folder = ""
        for part in path.split(separator: "/").dropLast() {
            folder += "/" + part
            mkdir(folder, 0o700)
        }
    }
}

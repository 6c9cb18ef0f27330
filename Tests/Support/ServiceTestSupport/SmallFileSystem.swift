import Foundation

/// A tmpfs of a given size, for tests of full disks; nil where it cannot be mounted.
package final class SmallFileSystem: Sendable {
    package let path: String

    package init?(at path: String, mebibytes: Int, test: String) {
        self.path = path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard Self.mount(["-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path]) else {
            print("\(test): left out, a tmpfs cannot be mounted here (it needs root)")
            return nil
        }
    }

    deinit { _ = try? run(URL(fileURLWithPath: "/usr/bin/umount"), ["--lazy", path]) }

    package func resize(mebibytes: Int) -> Bool { Self.mount(["-o", "remount,size=\(mebibytes)m", path]) }

    /// Takes all space, also while others write; removing the file that is returned gives it back.
    package func fill() throws -> String {
        let file = path + "/filler"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        defer { close(descriptor) }
        for pieceSize in [1 << 16, 1 << 12] {
            let piece = [UInt8](repeating: 0, count: pieceSize)
            while write(descriptor, piece, pieceSize) > 0 {}
        }
        return file
    }

    private static func mount(_ arguments: [String]) -> Bool {
        (try? run(URL(fileURLWithPath: "/usr/bin/mount"), arguments))?.status == 0
    }
}

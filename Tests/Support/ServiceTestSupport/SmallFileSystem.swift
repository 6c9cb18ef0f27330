import Foundation

/// A tmpfs of a given size, for tests of full disks; nil where it cannot be mounted.
package final class SmallFileSystem {
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

    /// Takes all space but `bytes`; removing the file that is returned gives it back.
    package func fill(leaving bytes: Int) throws -> String {
        let file = path + "/filler"
        var status = statvfs()
        statvfs(path, &status)
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        try Data(count: max(0, free - bytes)).write(to: URL(fileURLWithPath: file))
        return file
    }

    private static func mount(_ arguments: [String]) -> Bool {
        (try? run(URL(fileURLWithPath: "/usr/bin/mount"), arguments))?.status == 0
    }
}

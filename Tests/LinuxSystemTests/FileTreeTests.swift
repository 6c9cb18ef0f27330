import Foundation
import LinuxSystem
import Testing

struct FileTreeTests {
    private final class Place {
        let path = "/tmp/ft-tree-\(UUID().uuidString.prefix(8))"
        init() throws {
            try FileManager.default.createDirectory(atPath: path + "/in/sub", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: path + "/in/x.tmp-1", withIntermediateDirectories: true)
            for (name, text) in [("secret", "s"), ("in/a", "aa"), ("in/sub/b", "bbb"), ("in/x.tmp-1/c", "c")] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
            }
            symlink("../secret", path + "/in/link")
            symlink("..", path + "/in/up")
            mkfifo(path + "/in/fifo", 0o600)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test func filesAreListedWithoutLinksAndUnfinishedOnes() throws {
        let place = try Place()
        let names = try FileTree(path: place.path + "/in").files().map { "\($0.name) \($0.size)" }
        #expect(names == ["a 2", "sub/b 3"])
    }

    @Test(arguments: [
        "../secret", "link", "up/secret", "sub/../../secret", "/etc/passwd", "sub", "", ".", "fifo", "none", "a\0b",
        "a/b", "/proc/self/fd/0", String(repeating: "x", count: 4096), "sub/\(String(repeating: "y", count: 256))",
    ])
    func nothingElseIsOpened(name: String) throws {
        let place = try Place()
        let tree = try FileTree(path: place.path + "/in")
        #expect(throws: SystemError.self) { _ = try tree.open(name).number }
        #expect(try tree.open("sub/b").readAll() == Array("bbb".utf8))
    }

    @Test func foldersAreMadeBelowAndNotThroughLinks() throws {
        let place = try Place()
        let output = try OutputDirectory(path: place.path + "/in")
        try output.createDirectories(above: "new/deep/file")
        #expect(FileSystem.isDirectory(place.path + "/in/new/deep"))
        for name in ["../out/file", "up/out/file", "a//file", "./x/file", "n\0x/file"] {
            #expect(throws: SystemError.self) { try output.createDirectories(above: name) }
        }
        #expect(FileSystem.kind(of: place.path + "/out") == nil)
        #expect(try output.hash(of: "none") == nil)
        #expect(throws: SystemError.self) { _ = try output.hash(of: "link") }
        #expect(throws: SystemError.self) { _ = try output.hash(of: "fifo") }
    }

    @Test func aPieceIsReadFromItsPlace() throws {
        let place = try Place()
        let file = try FileTree(path: place.path + "/in").open("sub/b")
        #expect(try file.readAll(at: 1, limit: 10) == Array("bb".utf8))
        #expect(try file.readAll(at: 0, limit: 2) == Array("bb".utf8))
        #expect(try file.readAll(at: 3, limit: 2).isEmpty)
    }
}

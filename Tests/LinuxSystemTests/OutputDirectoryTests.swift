import Foundation
import LinuxSystem
import Synchronization
import Testing

/// What is written and removed in a folder is in that folder, whatever happens to its path meanwhile.
struct OutputDirectoryTests {
    private final class Place {
        let path = "/tmp/ft-output-\(UUID().uuidString.prefix(8))"
        init() throws {
            for name in ["out", "victim/checkpoint-1"] {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(name)", withIntermediateDirectories: true)
            }
            try Data("kept".utf8).write(to: URL(fileURLWithPath: path + "/victim/checkpoint-1/weights"))
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        var victim: [String] { (try? FileManager.default.subpathsOfDirectory(atPath: path + "/victim").sorted()) ?? [] }
    }

    private static let untouched = ["checkpoint-1", "checkpoint-1/weights"]

    @Test func aFolderThatHasBecomeALinkLeadsNowhereElse() throws {
        let place = try Place()
        let output = try OutputDirectory(path: place.path + "/out")
        let step = try output.makeDirectory("checkpoint-1")
        try step.write("own", to: "weights")
        // The folder is moved away, and a link to another one takes its place.
        rename(place.path + "/out", place.path + "/moved")
        symlink("victim", place.path + "/out")
        try step.write("new", to: "weights")
        try output.rename("checkpoint-1", to: "checkpoint-2")
        _ = try output.makeDirectory("checkpoint-1")
        try output.exchange("checkpoint-1", with: "checkpoint-2")
        #expect(try output.entries() == ["checkpoint-1", "checkpoint-2"])
        #expect(try MappedFile.contents(of: place.path + "/moved/checkpoint-1/weights") == Array("new".utf8))
        try output.link("checkpoint-1/weights", to: "checkpoint-2/same")
        try output.remove("checkpoint-1")
        try output.removeFile("checkpoint-2/same")
        #expect(throws: SystemError.self) { try output.removeFile("checkpoint-2") }
        #expect(try output.entries() == ["checkpoint-2"])
        #expect(place.victim == Self.untouched)
    }

    /// A folder within the one that is removed is a link every other moment.
    @Test func removingFollowsNoLinkThatIsSwappedIn() throws {
        let place = try Place()
        let isOver = Mutex(false)
        let (inner, victim) = (place.path + "/out/checkpoint-1", place.path + "/victim/checkpoint-1")
        let swapper = Thread {
            while !isOver.withLock({ $0 }) {
                mkdir(inner, 0o755)
                rename(inner, inner + "-aside")
                symlink(victim, inner)
                unlink(inner)
                rename(inner + "-aside", inner)
            }
        }
        swapper.start()
        for _ in 0..<2000 { try? FileSystem.remove(place.path + "/out") }
        isOver.withLock { $0 = true }
        #expect(place.victim == Self.untouched)
    }

    @Test func nothingButFilesAndLinksIsReplaced() throws {
        let place = try Place()
        let output = try OutputDirectory(path: place.path + "/out")
        mkfifo(place.path + "/out/fifo", 0o600)
        #expect(throws: SystemError("open", place.path + "/out/fifo", code: EEXIST)) {
            try output.write("x", to: "fifo")
        }
        #expect(throws: SystemError("open", place.path + "/out", code: EISDIR)) {
            try AtomicFile.write("x", to: place.path + "/out")
        }
        #expect(throws: SystemError("open", "/dev/null", code: EEXIST)) { try AtomicFile.write("x", to: "/dev/null") }
        // In an output folder a link is replaced; where somebody names one, what it leads to is.
        symlink("../victim/checkpoint-1/weights", place.path + "/out/link")
        try AtomicFile.write("new", to: place.path + "/out/link")
        #expect(try MappedFile.contents(of: place.path + "/victim/checkpoint-1/weights") == Array("new".utf8))
        try output.write("own", to: "link")
        #expect(try MappedFile.contents(of: place.path + "/victim/checkpoint-1/weights") == Array("new".utf8))
        #expect(try MappedFile.contents(of: place.path + "/out/link") == Array("own".utf8))
        // The longest name there is.
        let name = String(repeating: "ü", count: 127)
        try output.write("long", to: name)
        #expect(try output.entries().contains(name) && !output.entries().contains(where: AtomicFile.isLeftover))
        for (name, isOne) in [("a.tmp-12-345", true), ("a.tmp-12", false), ("a.tmp-x-1", false), ("tmp-1-2", false)] {
            #expect(AtomicFile.isLeftover(name) == isOne, "\(name)")
        }
    }

    @Test func aPathIsFollowedAsFarAsItExists() throws {
        let place = try Place()
        symlink("victim", place.path + "/link")
        #expect(FileSystem.place(of: place.path + "/link/new/er") == place.path + "/victim/new/er")
        #expect(FileSystem.place(of: place.path + "/link/../out/./x") == place.path + "/out/x")
        #expect(FileSystem.place(of: place.path + "/new/../x") == nil)
        #expect(FileSystem.place(of: "/") == "/" && FileSystem.place(of: "/none/x") == "/none/x")
    }
}

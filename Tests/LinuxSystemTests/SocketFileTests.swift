import Foundation
import LinuxSystem
import Testing

/// What lies where a socket should be made is removed only if it is a socket that this user has left behind.
struct SocketFileTests {
    private final class Folder {
        let path = "/tmp/ft-socket-\(UUID().uuidString.prefix(8))"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func refusal(_ path: String) -> UnixSocket.Occupied? {
        #expect(throws: UnixSocket.Occupied.self) { _ = try UnixSocket.listen(at: path, mode: 0o600).number }
    }

    @Test func filesFoldersAndLinksStay() throws {
        let folder = try Folder()
        let file = folder.path + "/f.txt"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: file))
        #expect(refusal(file)?.description.contains("a file, no socket,") == true)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
        #expect(refusal(folder.path)?.what.contains("folder") == true)
        // Also a link to a socket that nobody listens at: the link is somebody's.
        _ = try UnixSocket.listen(at: folder.path + "/s", mode: 0o600).number
        for (name, target) in [("to-file", file), ("to-socket", folder.path + "/s"), ("dangling", "/nowhere")] {
            let link = folder.path + "/" + name
            symlink(target, link)
            #expect(refusal(link)?.what.contains("link") == true)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
        }
        mkfifo(folder.path + "/fifo", 0o600)
        #expect(refusal(folder.path + "/fifo") != nil)
        #expect(FileSystem.kind(of: folder.path + "/fifo") == .other)
    }

    @Test func aSocketThatNobodyListensAtIsReplacedAndALiveOneIsNot() throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        _ = try UnixSocket.listen(at: path, mode: 0o600).number  // Closed at once, as by a process that died.
        let listener = try UnixSocket.listen(at: path, mode: 0o600)
        #expect(throws: SystemError("bind", path, code: EADDRINUSE)) {
            _ = try UnixSocket.listen(at: path, mode: 0o600).number
        }
        _ = try UnixSocket.connect(to: path).number
        _ = listener.number
    }

    @Test(.enabled(if: getuid() == 0, "needs root")) func anotherUsersSocketStays() throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        _ = try UnixSocket.listen(at: path, mode: 0o600).number
        chown(path, 60001, 60001)
        #expect(refusal(path)?.what.contains("60001") == true)
        #expect(FileSystem.kind(of: path) == .other)
    }

    /// A daemon that ends removes its own socket, not what has come to its place.
    @Test func whatHasTakenItsPlaceStays() throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        let listener = try UnixSocket.listen(at: path, mode: 0o600)
        let file = try #require(UnixSocket.SocketFile(path))
        rename(path, path + "-old")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        file.remove()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        rename(path + "-old", path)
        file.remove()
        #expect(FileSystem.kind(of: path) == nil && UnixSocket.SocketFile(path) == nil)
        _ = listener.number
    }
}

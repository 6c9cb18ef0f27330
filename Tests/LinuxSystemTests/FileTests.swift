import Glibc
import LinuxSystem
import Testing

@Suite struct FileTests {
    let folder: String

    init() throws {
        folder = "/tmp/finetuned-files-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileSystem.createDirectories(folder)
    }

    @Test func anAtomicFileReplacesOnlyOnCommit() throws {
        defer { try? FileSystem.remove(folder) }
        let target = folder + "/state"
        try AtomicFile.write("old", to: target)
        do {
            let file = try AtomicFile(replacing: target)
            try file.write("half")
        }
        #expect(try MappedFile.contents(of: target) == Array("old".utf8))
        #expect(try FileSystem.entries(of: folder) == ["state"])
        let file = try AtomicFile(replacing: target)
        try file.write("new")
        try file.commit()
        #expect(try MappedFile.contents(of: target) == Array("new".utf8))
    }

    @Test(arguments: ["../escape", "/etc/escape", "link/escape"])
    func outputStaysBelowItsDirectory(name: String) throws {
        defer { try? FileSystem.remove(folder) }
        #expect(symlink("/tmp", folder + "/link") == 0)
        let output = try OutputDirectory(path: folder)
        #expect(throws: SystemError.self) { try output.write("x", to: name) }
        try output.write("x", to: "inside")
        #expect(try MappedFile.contents(of: folder + "/inside") == [120])
    }

    @Test func aMappingShowsTheFile() throws {
        defer { try? FileSystem.remove(folder) }
        try AtomicFile.write([1, 2, 3], to: folder + "/bytes")
        try AtomicFile.write([], to: folder + "/empty")
        let file = try MappedFile(path: folder + "/bytes")
        #expect(unsafe file.bytes.elementsEqual([1, 2, 3]))
        #expect(try MappedFile(path: folder + "/empty").count == 0)
        #expect(throws: SystemError("open", folder, code: EISDIR)) { try MappedFile(path: folder) }
        #expect(throws: SystemError("open", folder + "/none", code: ENOENT)) {
            try MappedFile(path: folder + "/none")
        }
    }

    @Test func hashesAreThoseOfXXH3() throws {
        defer { try? FileSystem.remove(folder) }
        #expect(FileHash.of([]) == "99aa06d3014798d86001c324468d497f")
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try AtomicFile.write(bytes, to: folder + "/large")
        #expect(try FileHash.ofFile(folder + "/large") == FileHash.of(bytes))
    }

    @Test func memoryIsRead() throws {
        let usage = try #require(MemoryUsage())
        #expect(usage.resident > 1_000_000 && usage.peak >= usage.resident && usage.anonymous > 0)
    }
}

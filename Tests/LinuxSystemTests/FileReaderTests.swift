import Foundation
import LinuxSystem
import Testing

/// What a user may read is told from owners, modes and access lists; the kernel is asked whether that is right.
@Suite(.enabled(if: getuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0, "needs root and setpriv"))
struct FileReaderTests {
    private let folder = "/tmp/finetuned-reader-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ state >> 33) &* 0x9E37_79B9_7F4A_7C15
        }
    }

    private static let user: UInt32 = 60001
    private static let groups: [UInt32] = [60011, 60012]

    @Test func theVerdictIsTheKernels() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var random = Random(state: 20)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        chmod(folder, 0o755)
        var hasLists = false
        let names = (0..<300).map { "\(folder)/\($0)" }
        for (number, name) in names.enumerated() {
            if number % 5 == 0 { mkdir(name, 0o700) } else { close(open(name, O_CREAT | O_WRONLY, 0o600)) }
            let owner = ([Self.user, 0, 60002] as [UInt32]).randomElement(using: &random) ?? 0
            let group = ([60011, 60012, 60013, 0] as [UInt32]).randomElement(using: &random) ?? 0
            #expect(chown(name, owner, group) == 0)
            #expect(chmod(name, mode_t.random(in: 0...0o777, using: &random)) == 0)
            if number % 2 == 0 { hasLists = Self.setList(name, &random) || hasLists }
        }
        if !hasLists { print("FileReaderTests: access lists are left out, \(folder) has none") }
        let reader = FileReader(user: Self.user, groups: Set(Self.groups))
        for (test, right) in [("-r", FileReader.Right.read), ("-x", .search)] {
            let script = "for f in '\(folder)'/*; do if [ \(test) $f ]; then echo $f; fi; done"
            let asked = test == "-x" ? names.enumerated().filter { $0.offset % 5 == 0 }.map(\.element) : names
            let allowed = Set(try Self.asUser(script))
            for name in asked {
                #expect(reader.may(right, name) == allowed.contains(name), "\(test) \(name)")
            }
            #expect(asked.contains(where: allowed.contains) && !asked.allSatisfy(allowed.contains))
        }
    }

    /// A closed folder hides what everybody may read.
    @Test func everyFolderAboveCounts() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/a/b", withIntermediateDirectories: true)
        for name in ["", "/a", "/a/b"] { chmod(folder + name, 0o755) }
        let reader = FileReader(user: Self.user, groups: [])
        #expect(reader.mayEnter(folder + "/a/b"))
        chmod(folder + "/a", 0o744)
        #expect(!reader.mayEnter(folder + "/a/b") && reader.mayEnter(folder) && reader.may(.search, folder + "/a/b"))
    }

    /// Gives a file a random access list; false where the file system has none.
    private static func setList(_ path: String, _ random: inout Random) -> Bool {
        func permissions() -> UInt16 { UInt16.random(in: 0...7, using: &random) }
        var entries: [(UInt16, UInt16, UInt32)] = [(0x01, permissions(), .max)]
        if Bool.random(using: &random) { entries.append((0x02, permissions(), user)) }
        entries += [(0x02, permissions(), 60003), (0x04, permissions(), .max)]
        if Bool.random(using: &random) { entries.append((0x08, permissions(), 60011)) }
        entries += [(0x08, permissions(), 60014), (0x10, permissions(), .max), (0x20, permissions(), .max)]
        var bytes: [UInt8] = [2, 0, 0, 0]
        for (tag, permission, who) in entries {
            for value in [tag, permission] { bytes += [UInt8(value & 0xFF), UInt8(value >> 8)] }
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: who >> (8 * $0)) }
        }
        return bytes.withUnsafeBytes { setAttribute(path, "system.posix_acl_access", $0.baseAddress, $0.count, 0) } == 0
    }

    /// setxattr(2), which Glibc's module leaves out.
    private static let setAttribute = unsafeBitCast(
        dlsym(nil, "setxattr"),
        to: (@convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32) -> Int32).self)

    /// The lines that a shell prints as the user.
    private static func asUser(_ script: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
        process.arguments = [
            "--reuid", "\(user)", "--regid", "\(groups[0])", "--groups", groups.map(String.init).joined(separator: ","),
            "/bin/bash", "-c", script,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

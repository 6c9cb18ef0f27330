import Foundation
import ServiceTestSupport
import Testing

/// The daemon and its workers keep to the system calls that the unit allows.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SystemCallTests {
    @Test func aJobNeedsNoCallOutsideTheUnitsFilter() throws {
        let tools = ["/usr/bin/strace", "/usr/bin/systemd-analyze", "/usr/bin/setpriv"]
        guard getuid() == 0, tools.allSatisfy(FileManager.default.isExecutableFile(atPath:)) else {
            print("aJobNeedsNoCallOutsideTheUnitsFilter: left out, it needs root, strace, systemd-analyze and setpriv")
            return
        }
        let folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        chown(folder.path, 65534, 65534)
        let trace = folder.path + "/trace"
        // As an ordinary user: SQLite changes the owner of its files when it runs as root.
        let daemon: DaemonFixture
        do {
            daemon = try DaemonFixture(
                folder: folder,
                launcher: [
                    "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/strace",
                    "-f", "-qq", "-o", trace,
                ])
        } catch {
            print("aJobNeedsNoCallOutsideTheUnitsFilter: left out, the daemon cannot be traced here: \(error)")
            return
        }
        let file = try SmallRun.write(
            to: folder, steps: 3, extra: ["output_dir: \(folder.path)/out", "save_steps: 2", "plot_loss: true"])
        #expect(try daemon.tunectl("run", file).status == 0)
        let base = Checkout.root.path + "/examples/valley/base"
        let answer = try daemon.tunectl(
            "generate", "--jsonl", "--model", base, "max_new_tokens=2", input: "{\"prompt\": \"Ada\"}\n")
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(try daemon.tunectl("rpc", "system.shutdown").status == 0)
        daemon.waitUntilExit()

        let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").map { line in
            // strace pads short process numbers, so the call may stand behind several spaces.
            line.drop(while: \.isNumber).drop(while: \.isWhitespace)
                .prefix(while: { $0.isLetter || $0.isNumber || $0 == "_" })
        }
        let used = Set(calls.map(String.init).filter { !$0.isEmpty })
        #expect(used.count > 30 && used.contains("epoll_wait") && used.contains("mmap"))
        let allowed = try Self.calls(in: "@system-service").subtracting(Self.calls(in: "@privileged"))
        #expect(used.subtracting(allowed).isEmpty, "\(used.subtracting(allowed).sorted())")
    }

    /// The names in one of systemd's sets, and in the sets that it names.
    private static func calls(in set: String) throws -> Set<String> {
        let listed = try run(
            URL(fileURLWithPath: "/usr/bin/systemd-analyze"), ["syscall-filter", "--no-pager", set])
        var names: Set<String> = []
        for line in listed.output.split(separator: "\n").dropFirst() {
            let name = line.trimmingCharacters(in: .whitespaces)
            if name.hasPrefix("@") { names.formUnion(try calls(in: name)) }
            if !name.isEmpty, !name.hasPrefix("#"), !name.hasPrefix("@") { names.insert(name) }
        }
        return names
    }
}

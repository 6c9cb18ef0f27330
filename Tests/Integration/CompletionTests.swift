import Foundation
import ServiceTestSupport
import Testing

/// The completion scripts, sourced by the shells themselves.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CompletionTests {
    /// What bash would offer for the last of `words`.
    private func offers(_ words: [String], _ daemon: DaemonFixture) throws -> [String] {
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let finished = try run(
            URL(fileURLWithPath: "/bin/bash"),
            [
                "-c",
                """
                source <(tunectl completion bash) || exit 9
                COMP_WORDS=(\(quoted)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _tunectl; printf '%s\\n' "${COMPREPLY[@]}"
                """,
            ],
            environment: [
                "PATH": Checkout.root.path + "/bin:/usr/bin:/bin", "FINETUNED_SOCKET": daemon.socket,
            ], directory: daemon.folder)
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(finished.errors.isEmpty, "\(finished.errors)")
        return finished.output.split(separator: "\n").map(String.init)
    }

    @Test func bashOffersCommandsOptionsParametersAndLiveNames() throws {
        let daemon = try DaemonFixture()
        // Refused by its worker at once; its number stays.
        let file = try SmallRun.write(to: daemon.folder, extra: ["output_dir: out"])
        let job = try daemon.tunectl("submit", file, "dataset=none_such", directory: daemon.folder).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(job == "1")
        let base = Checkout.root.path + "/examples/valley/base"
        #expect(try daemon.tunectl("load", base).status == 0)

        #expect(try offers(["tunectl", "su"], daemon) == ["submit"])
        #expect(try offers(["tunectl", "jobs", "--st"], daemon).contains("--state"))
        #expect(try offers(["tunectl", "jobs", "--state", "can"], daemon) == ["cancelled"])
        #expect(try offers(["tunectl", "run", "x.yaml", "lora_ra"], daemon) == ["lora_rank="])
        #expect(try offers(["tunectl", "show", ""], daemon).contains(job))
        #expect(try offers(["tunectl", "cancel", ""], daemon).contains(job))
        #expect(try offers(["tunectl", "unload", "/"], daemon).contains(base))
        #expect(try offers(["tunectl", "chat", "--model", ""], daemon).contains(base))
        #expect(try offers(["tunectl", "run", "run-"], daemon) == [URL(fileURLWithPath: file).lastPathComponent])
        #expect(try offers(["tunectl", "completion", "z"], daemon) == ["zsh"])

        daemon.stop(SIGTERM)
        let began = Date()
        #expect(try offers(["tunectl", "show", ""], daemon).allSatisfy { $0.hasPrefix("-") })
        #expect(Date().timeIntervalSince(began) < 5)
    }

    @Test(arguments: [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")])
    func scriptsAreWellFormed(shell: String, option: String) throws {
        let program = URL(fileURLWithPath: "/usr/bin/\(shell)")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            print("scriptsAreWellFormed: left out for \(shell), it is not installed")
            return
        }
        let script = try run(Checkout.program("tunectl"), ["completion", shell])
        let file = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8)).\(shell)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(script.output.utf8).write(to: file)
        let checked = try run(program, [option, file.path])
        #expect(checked.status == 0 && checked.errors.isEmpty, "\(checked.errors)")
    }
}

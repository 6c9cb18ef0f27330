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
        #expect(try offers(["tunectl", "--vers"], daemon) == ["--version"])
        #expect(try offers(["tunectl", "--model", "m", "lora_ra"], daemon) == ["lora_rank="])

        // Behind `=`, which is a word of its own in bash as it comes, and part of one where somebody changed that.
        #expect(try offers(["tunectl", "run", "x.yaml", "stage", "=", "sf"], daemon) == ["sft"])
        #expect(try offers(["tunectl", "run", "x.yaml", "stage=sf"], daemon) == ["stage=sft"])
        #expect(try offers(["tunectl", "run", "x.yaml", "bf16", "="], daemon) == ["true", "false"])
        #expect(try offers(["tunectl", "run", "x.yaml", "lora_rank", "="], daemon).isEmpty)
        #expect(try offers(["tunectl", "run", "x.yaml", "output_dir", "=", "st"], daemon) == ["state"])
        #expect(try offers(["tunectl", "jobs", "--state", "=", "can"], daemon) == ["cancelled"])
        #expect(try offers(["tunectl", "chat", "--model", "="], daemon).contains(base))
        #expect(try offers(["tunectl", "show", "--socket", "=", daemon.socket, ""], daemon).contains(job))

        daemon.stop(SIGTERM)
        let began = Date()
        #expect(try offers(["tunectl", "show", ""], daemon).allSatisfy { $0.hasPrefix("-") })
        #expect(Date().timeIntervalSince(began) < 5)
    }

    @Test func fishOffersValues() throws {
        let program = URL(fileURLWithPath: "/usr/bin/fish")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            print("fishOffersValues: left out, fish is not installed")
            return
        }
        let folder = DaemonFixture.newFolder()
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("sub"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func offers(_ line: String) throws -> [String] {
            let finished = try run(
                program, ["--no-config", "-c", "tunectl completion fish | source; complete -C '\(line)'"],
                environment: ["PATH": Checkout.root.path + "/bin:/usr/bin:/bin", "HOME": folder.path],
                directory: folder)
            // Behind a tab stands what it is.
            return finished.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        }
        #expect(try offers("tunectl run x.yaml lora_ra") == ["lora_rank="])
        #expect(try offers("tunectl run x.yaml stage=sf").contains("stage=sft"))
        #expect(try offers("tunectl run x.yaml bf16=").contains("bf16=true"))
        #expect(try offers("tunectl run x.yaml output_dir=s").contains("output_dir=sub/"))
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

import Foundation
import ServiceTestSupport
import Testing

/// Input, output and talk of the programs as a shell or a supervisor may leave them: full, closed, no file at all.
@Suite(.timeLimit(.minutes(3))) struct StandardStreamTests {
    private static let model = Checkout.root.path + "/examples/valley/base"

    /// Runs a line of a shell with the programs of this checkout in its path.
    private func shell(_ line: String, _ daemon: DaemonFixture? = nil) throws -> Finished {
        try run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", line],
            environment: [
                "PATH": Checkout.root.path + "/bin:/usr/bin:/bin", "FINETUNED_SOCKET": daemon?.socket ?? "/none",
            ], seconds: 20)
    }

    @Test(arguments: [
        "tunectl", "tunectl help", "tunectl help --json", "tunectl run --help", "tunectl help --manual tunectl",
        "tunectl params", "tunectl params --json", "tunectl params lora_rank", "tunectl completion bash",
        "tunectl completion zsh", "tunectl completion fish", "tunectl version", "tunectl --version",
        "echo bf16: true | tunectl check --inference -", "tunectl jobs --json",
        "finetuned --help", "finetuned --version", "finetuned --example-config", "finetuned --manual finetuned",
        "finetuned --check-config", "finetuned-worker --version",
    ])
    func whatIsNotWrittenIsAFailure(command: String) throws {
        // Alone it would begin a conversation, which prints nothing by itself.
        let command = command == "tunectl" ? "echo /help | tunectl" : command
        for full in [">/dev/full", ">&-"] {
            let finished = try shell("\(command) \(full)")
            #expect(finished.status >= 73, "\(command) \(full): \(finished.status)")
            #expect(finished.errors.contains("standard output cannot be written: "), "\(command): \(finished.errors)")
        }
    }

    @Test func answersOfTheServiceThatAreNotWritten() throws {
        let daemon = try DaemonFixture()
        let model = "--model '\(Self.model)'"
        for command in [
            "load '\(Self.model)'", "models", "jobs", "top --json", "doctor", "rpc system.info",
            "tokenize \(model) Ada", "detokenize \(model) 3 4", "logprobs \(model) Ada",
            "generate \(model) Ada max_new_tokens=2", "chat \(model) template=xverse Ada max_new_tokens=2",
        ] {
            let finished = try shell("tunectl \(command) >/dev/full", daemon)
            #expect(finished.status == 73, "\(command): \(finished.status) \(finished.errors)")
            #expect(
                finished.errors.contains("disk_full: standard output cannot be written: No space left on device"),
                "\(command): \(finished.errors)")
        }
        // The first line that is not taken is the last that is asked.
        let lines = try shell(
            "yes '{\"text\":\"a\"}' | tunectl tokenize --jsonl \(model) >/dev/full", daemon)
        #expect(lines.status == 73)
    }

    @Test func aReaderThatHasEnoughIsNoFailure() throws {
        for command in ["tunectl params", "tunectl help", "finetuned --example-config"] {
            let finished = try shell("\(command) | head -n 1")
            #expect(finished.status == 0 && finished.errors.isEmpty, "\(command): \(finished.errors)")
        }
    }

    @Test func inputThatIsClosedOrNoFile() throws {
        let daemon = try DaemonFixture()
        let model = "--model '\(Self.model)'"
        for command in ["tunectl", "tunectl tokenize --jsonl \(model)", "tunectl generate \(model)"] {
            for input in ["<&-", "<&- 2>/dev/null 1>&-", "</"] {
                let finished = try shell("\(command) \(input)", daemon)
                #expect(finished.status == 66, "\(command) \(input): \(finished.status) \(finished.errors)")
            }
        }
        // No file of the program's takes the number of one that is closed.
        let version = try shell("tunectl --version <&- 2>&-")
        #expect(version.output.hasPrefix("tunectl "))
        let answer = try shell("tunectl tokenize \(model) Ada <&- 2>&-", daemon)
        #expect(answer.status == 0 && !answer.output.isEmpty)
    }
}

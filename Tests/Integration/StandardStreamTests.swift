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
        "echo model_name_or_path: m | tunectl check --inference --json -", "tunectl jobs --json",
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

    /// printf writes the bytes; a line that is no text is answered in its place.
    @Test func linesInOtherEncodings() throws {
        let daemon = try DaemonFixture()
        let tokenize = "tunectl tokenize --jsonl --model '\(Self.model)'"
        let plain = try shell("printf '{\"text\":\"Ada\"}\\n' | \(tokenize)", daemon)
        #expect(plain.status == 0, "\(plain.errors)")
        let marked = try shell("printf '\\357\\273\\277{\"text\":\"Ada\"}\\n' | \(tokenize)", daemon)
        #expect(marked.status == 0 && marked.output == plain.output, "\(marked.output)")
        let latin = try shell(
            "printf '{\"text\":\"\\351\"}\\n{\"text\":\"Ada\"}\\n' | \(tokenize)", daemon)
        #expect(latin.status == 65)
        #expect(
            latin.output == #"{"error":{"kind":"bad_data","message":"line 1 of the input is not valid UTF-8"}}"# + "\n"
                + plain.output)
        let long = try shell(
            "(head -c 17000000 /dev/zero | tr '\\0' a; printf '\\n{\"text\":\"Ada\"}\\n') | \(tokenize)", daemon)
        #expect(long.status == 65)
        #expect(long.output.hasPrefix(#"{"error":{"kind":"bad_data","message":"line 1 of the input is longer"#))
        #expect(long.output.hasSuffix("\n" + plain.output))
        let wide = try shell("printf '\\377\\376{\\000}\\000\\n\\000' | \(tokenize)", daemon)
        #expect(wide.status == 66)
        #expect(wide.errors.contains("standard input cannot be read: it is UTF-16 text"), "\(wide.errors)")
        let script = try shell("printf '\\357\\273\\277/help\\n' | tunectl --model m", daemon)
        #expect(script.status == 0 && script.output.contains("/model"), "\(script.errors)")
    }

    @Test func configurationsInOtherEncodings() throws {
        let folder = DaemonFixture.newFolder()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.path + "/c.yaml"
        func check(_ bytes: [UInt8], _ command: String = "tunectl check --inference") throws -> Finished {
            try Data(bytes).write(to: URL(fileURLWithPath: file))
            return try shell("\(command) '\(file)'")
        }
        let text = "model_name_or_path: m\n"
        #expect(try check([0xEF, 0xBB, 0xBF] + Array(text.utf8)).status == 0)
        let wide = try check([0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        #expect(wide.status == 78 && wide.errors.contains("c.yaml cannot be read: it is UTF-16 text"), "\(wide.errors)")
        let latin = try check(Array(text.utf8) + Array("output_dir: caf".utf8) + [0xE9, 0x0A])
        #expect(latin.status == 78 && latin.errors.contains("its line 2 is not valid UTF-8"), "\(latin.errors)")
        let settings = "finetuned --check-config --config"
        #expect(try check([0xEF, 0xBB, 0xBF] + Array("limits: {}\n".utf8), settings).status == 0)
        let bad = try check([0xFF, 0xFE, 0x61, 0], settings)
        #expect(bad.status == 78 && bad.errors.contains("c.yaml cannot be read: it is UTF-16 text"), "\(bad.errors)")
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

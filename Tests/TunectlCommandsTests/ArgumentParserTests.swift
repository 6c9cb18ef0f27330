import Testing
import TunectlCommands

struct ArgumentParserTests {
    private func parse(_ arguments: String...) throws -> Invocation {
        try ArgumentParser.parse(arguments)
    }

    @Test func optionsPositionalsAndOverrides() throws {
        let invocation = try parse("submit", "run.yaml", "lora_rank=4", "--json", "output_dir=a=b", "--priority", "3")
        #expect(invocation.command.name == "submit")
        #expect(invocation.positionals == ["run.yaml"])
        #expect(invocation.overrides == ["lora_rank=4", "output_dir=a=b"])
        let other = try parse("--socket=/s", "-q", "run", "--priority=3", "a=b.yaml")
        // The first argument is the file, whatever it looks like.
        #expect(other.positionals == ["a=b.yaml"])
        #expect(other.overrides.isEmpty)
    }

    @Test func textsWithEqualsSignsStayTexts() throws {
        let invocation = try parse("generate", "--model", "m", "do_sample=false", "2 + 2 = 4", "--", "-x", "a=b")
        #expect(invocation.overrides == ["do_sample=false"])
        #expect(invocation.positionals == ["2 + 2 = 4", "-x", "a=b"])
    }

    @Test func spellingsOfLLaMAFactory() throws {
        #expect(try parse("train", "x.yaml", "a=b").command.name == "run")
        #expect(try parse("ps").command.name == "jobs")
    }

    @Test(
        arguments: [
            (["submti"], "did you mean `submit`?"), (["submit"], "usage: tunectl submit FILE"),
            (["show", "1", "2"], "usage: tunectl show JOB"), (["show", "1", "--jsno"], "did you mean `--json`?"),
            (["submit", "f", "--priority"], nil), (["version", "--quiet=3"], nil), (["watch", "1", "a=b"], nil),
        ] as [([String], String?)])
    func usageErrors(arguments: [String], hint: String?) throws {
        let failure = #expect(throws: CommandFailure.self) { try ArgumentParser.parse(arguments) }
        #expect(failure?.exitCode == .usage)
        if let hint { #expect(failure?.hint?.hasPrefix(hint) == true) }
    }

    @Test func everyCommandHasHelpAndUsage() throws {
        #expect(Set(Commands.all.map(\.name)).count == Commands.all.count)
        for command in Commands.all {
            let run = TunectlRun([command.name, "--help"])
            #expect(run.exitCode == .success)
            #expect(run.output.contains(command.name == "help" ? "usage:" : "usage: tunectl \(command.name)"))
            #expect(!command.summary.isEmpty)
        }
        let overview = TunectlRun(["--help"]).output
        for command in Commands.all { #expect(overview.contains("  \(command.name) ")) }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionKnowsEveryCommand(shell: String) {
        let run = TunectlRun(["completion", shell])
        #expect(run.exitCode == .success)
        for command in Commands.all { #expect(run.output.contains(command.name)) }
        #expect(run.output.contains("no-special-tokens"))
        #expect(TunectlRun(["completion", "tcsh"]).exitCode == .usage)
    }
}

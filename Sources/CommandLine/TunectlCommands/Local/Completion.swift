import RunConfiguration
import ServiceAPI
import TerminalOutput

extension Command {
    static let completion = Command(
        "completion", "print the completion script of a shell", positionals: [.one("SHELL", .shell)],
        details: """
            SHELL is bash, zsh or fish. For example:
              tunectl completion bash > /etc/bash_completion.d/tunectl
            Names of jobs and models are asked from the daemon while completing.
            """
    ) { invocation, context in
        let script =
            switch invocation.positionals[0] {
            case "bash": CompletionScript.bash()
            case "zsh": CompletionScript.zsh()
            case "fish": CompletionScript.fish()
            case let shell:
                throw CommandFailure.usage("there is no completion for `\(shell)`", hint: "choose bash, zsh or fish")
            }
        context.output.write(script)
        return .success
    }
}

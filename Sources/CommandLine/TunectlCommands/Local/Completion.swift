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

/// Completion scripts, made from the commands' descriptions.
enum CompletionScript {
    /// Bash's own script; zsh runs it through `bashcompinit`.
    static func bash() -> String {
        var cases = ""
        for command in Commands.all {
            let options = command.allOptions.map { "--\($0.name)" }.joined(separator: " ")
            let names = ([command.name] + command.aliases).joined(separator: "|")
            let offers = offer(for: command.positionals.first?.kind ?? .text)
            cases += """
                        \(names))
                            words="\(options)\(command.takesOverrides ? " $parameters" : "")"
                            \(offers)
                            ;;

                """
        }
        let states = JobState.allCases.map(\.rawValue).joined(separator: " ")
        return """
            # Completion of tunectl for bash; made by `tunectl completion bash`.
            # Names from the daemon that the command line names; a daemon that does not answer soon offers none.
            _tunectl_names() {
                local index socket=""
                for ((index = 1; index < COMP_CWORD; index++)); do
                    [ "${COMP_WORDS[index]}" = --socket ] && socket="${COMP_WORDS[index+1]}"
                done
                timeout 0.5 tunectl "$1" --quiet ${socket:+--socket "$socket"} 2>/dev/null
            }
            _tunectl() {
                local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
                local parameters="\(Parameters.all.map { $0.name + "=" }.joined(separator: " "))"
                local words="" offers="" files=""
                compopt +o nospace 2>/dev/null
                if [ "$COMP_CWORD" -eq 1 ]; then
                    COMPREPLY=($(compgen -W "\(Commands.all.map(\.name).joined(separator: " "))" -- "$current"))
                    return
                fi
                case "$previous" in
                    --model|--adapter)
                        COMPREPLY=($(compgen -W "$(_tunectl_names models)" -- "$current") $(compgen -d -- "$current"))
                        return ;;
                    --state) COMPREPLY=($(compgen -W "\(states)" -- "$current")); return ;;
                    --socket) COMPREPLY=($(compgen -f -- "$current")); return ;;
                esac
                case "${COMP_WORDS[1]}" in
            \(cases)    esac
                COMPREPLY=($(compgen -W "$words $offers" -- "$current"))
                [ -n "$files" ] && COMPREPLY+=($(compgen $files -- "$current"))
                case "${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac
            }
            complete -F _tunectl tunectl

            """
    }

    static func zsh() -> String {
        "#compdef tunectl\n# Completion of tunectl for zsh; made by `tunectl completion zsh`.\n"
            + "autoload -U +X bashcompinit && bashcompinit\n" + bash()
    }

    static func fish() -> String {
        var lines = ["# Completion of tunectl for fish; made by `tunectl completion fish`."]
        for command in Commands.all {
            lines.append(
                "complete -c tunectl -f -n __fish_use_subcommand -a \(command.name) -d \(quoted(command.summary))")
            let condition =
                "-n '__fish_seen_subcommand_from \(([command.name] + command.aliases).joined(separator: " "))'"
            for option in command.allOptions {
                let short = option.short.map { " -s \($0)" } ?? ""
                let value = option.value != nil && !option.valueIsOptional ? " -r" : ""
                lines.append(
                    "complete -c tunectl \(condition) -l \(option.name)\(short)\(value) -d \(quoted(option.help))")
            }
            switch command.positionals.first?.kind {
            case .job:
                lines.append("complete -c tunectl -f \(condition) -a '(timeout 0.5 tunectl jobs --quiet 2>/dev/null)'")
            case .model:
                lines.append("complete -c tunectl \(condition) -a '(timeout 0.5 tunectl models --quiet 2>/dev/null)'")
            case .file, .directory: lines.append("complete -c tunectl -F \(condition)")
            default: break
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func offer(for kind: Command.ValueKind) -> String {
        switch kind {
        case .file: "files=\"-f\""
        case .directory: "files=\"-d\""
        case .job: "offers=\"$(_tunectl_names jobs)\""
        case .model: "offers=\"$(_tunectl_names models)\" files=\"-d\""
        case .command: "offers=\"\(Commands.all.map(\.name).joined(separator: " "))\""
        case .shell: "offers=\"bash zsh fish\""
        case .parameter: "offers=\"${parameters//=/}\""
        case .method, .text: ":"
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "\\'") + "'"
    }
}

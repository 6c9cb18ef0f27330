import RunConfiguration
import ServiceAPI

/// Completion scripts, made from the descriptions of commands and parameters.
enum CompletionScript {
    /// Bash's own script; zsh runs it through `bashcompinit`.
    ///
    /// Bash takes `=` for a word of its own unless told otherwise, zsh does not; `_tunectl_split` makes both the same.
    static func bash() -> String {
        """
        # Completion of tunectl for bash; made by `tunectl completion bash`.
        # Names from the daemon that the command line names; a daemon that does not answer soon offers none.
        _tunectl_names() {
            local index socket=""
            for ((index = 1; index < COMP_CWORD; index++)); do
                case "${COMP_WORDS[index]}" in
                    --socket) socket="${COMP_WORDS[index+1]}"; [ "$socket" = "=" ] && socket="${COMP_WORDS[index+2]}" ;;
                    --socket=*) socket="${COMP_WORDS[index]#*=}" ;;
                esac
            done
            timeout 0.5 tunectl "$1" --quiet ${socket:+--socket "$socket"} 2>/dev/null
        }
        # Whether a value is being written: its name goes to `key`, what is there of it to `current`, and what stands
        # before it in the same word to `before`.
        _tunectl_split() {
            key="" before=""
            if [ "$current" = "=" ]; then
                key="$previous" current=""
            elif [ "$previous" = "=" ]; then
                key="${COMP_WORDS[COMP_CWORD-2]}"
            elif [[ "$current" == ?*=* ]]; then
                key="${current%%=*}" before="${current%%=*}=" current="${current#*=}"
            else
                case "$previous" in \(optionsWithValues.joined(separator: "|"))) key="$previous" ;; esac
            fi
            [ -n "$key" ]
        }
        _tunectl() {
            local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
            local parameters="\(Parameters.all.map { $0.name + "=" }.joined(separator: " "))"
            local words="" files="" key="" before="" verb="${COMP_WORDS[1]}"
            compopt +o nospace 2>/dev/null
            if _tunectl_split; then
                case "$key" in
        \(values)
                esac
                COMPREPLY=($(compgen -P "$before" -W "$words" -- "$current"))
                [ -n "$files" ] && COMPREPLY+=($(compgen -P "$before" $files -- "$current"))
                return
            fi
            case "$verb" in -*) verb=chat ;; esac
            if [ "$COMP_CWORD" -eq 1 ]; then
                case "$current" in
                    -*) words="--version" ;;
                    *) COMPREPLY=($(compgen -W "\(names(of: Commands.all))" -- "$current")); return ;;
                esac
            fi
            case "$verb" in
        \(Commands.all.map(offer).joined(separator: "\n"))
            esac
            COMPREPLY=($(compgen -W "$words" -- "$current"))
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
        var lines = [
            """
            # Completion of tunectl for fish; made by `tunectl completion fish`.
            # key=value: names first, then what the name takes.
            function __tunectl_parameters
                set -l parts (string split -m 1 = -- (commandline -ct))
                if test (count $parts) -lt 2
                    string split ' ' -- '\(Parameters.all.map { $0.name + "=" }.joined(separator: " "))'
                    return
                end
                switch $parts[1]
            """
        ]
        for (names, words) in parametersByWords {
            lines.append("        case \(names.joined(separator: " "))")
            lines.append("            string replace -r '^' $parts[1]= -- \(words.joined(separator: " "))")
        }
        for (kind, offers) in [(PathKind.file, "path"), (.folder, "directories")] {
            lines.append("        case \(Parameters.all.filter { $0.path == kind }.map(\.name).joined(separator: " "))")
            lines.append("            __fish_complete_\(offers) $parts[2] | string replace -r '^' $parts[1]=")
        }
        lines.append("    end\nend")
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
            if command.takesOverrides {
                lines.append("complete -c tunectl \(condition) -a '(__tunectl_parameters)'")
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

    /// Every option that takes a value, in both spellings.
    private static var optionsWithValues: [String] {
        options.filter { $0.value != nil && !$0.valueIsOptional }.map { "--\($0.name)" }
    }

    /// Every option of every command once.
    private static var options: [Command.Option] {
        var seen: Set<String> = []
        return Commands.all.flatMap(\.allOptions).filter { seen.insert($0.name).inserted }
    }

    /// Parameters that take the same words; true and false are words too.
    private static var parametersByWords: [(names: [String], words: [String])] {
        var groups: [(names: [String], words: [String])] = []
        for row in Parameters.all {
            let words = row.typeName.hasPrefix("bool") ? ["true", "false"] : row.choices
            guard !words.isEmpty else { continue }
            if let place = groups.firstIndex(where: { $0.words == words }) {
                groups[place].names.append(row.name)
            } else {
                groups.append(([row.name], words))
            }
        }
        return groups
    }

    /// Bash's cases for the value of an option or parameter.
    private static var values: String {
        var cases = options.compactMap { option -> (names: [String], action: String)? in
            switch option.name {
            case "model", "adapter": (["--\(option.name)"], action(.model))
            case "state": (["--state"], "words=\"\(JobState.allCases.map(\.rawValue).joined(separator: " "))\"")
            default: option.kind == .text ? nil : (["--\(option.name)"], action(option.kind))
            }
        }
        cases += parametersByWords.map { ($0.names, "words=\"\($0.words.joined(separator: " "))\"") }
        for (kind, action) in [(PathKind.file, action(.file)), (.folder, action(.directory))] {
            cases.append((Parameters.all.filter { $0.path == kind }.map(\.name), action))
        }
        return cases.map { "            \($0.names.joined(separator: "|"))) \($0.action) ;;" }.joined(separator: "\n")
    }

    /// Bash's case for what may follow a command.
    private static func offer(for command: Command) -> String {
        let options = command.allOptions.map { "--\($0.name)" }.joined(separator: " ")
        let kinds = command.positionals.map { action($0.kind) }.filter { !$0.isEmpty }
        let lines = ["words+=\" \(options)\(command.takesOverrides ? " $parameters" : "")\""] + kinds + [";;"]
        return "        \(([command.name] + command.aliases).joined(separator: "|")))\n"
            + lines.map { "            \($0)" }.joined(separator: "\n")
    }

    /// What adds names of a kind to bash's offers; empty where any text may stand.
    private static func action(_ kind: Command.ValueKind) -> String {
        switch kind {
        case .file: "files=\"-f\""
        case .directory: "files=\"-d\""
        case .job: "words+=\" $(_tunectl_names jobs)\""
        case .model: "words+=\" $(_tunectl_names models)\" files=\"-d\""
        case .command: "words+=\" \(names(of: Commands.all))\""
        case .shell: "words+=\" bash zsh fish\""
        case .parameter: "words+=\" ${parameters//=/}\""
        case .method, .text: ""
        }
    }

    private static func names(of commands: [Command]) -> String { commands.map(\.name).joined(separator: " ") }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "\\'") + "'"
    }
}

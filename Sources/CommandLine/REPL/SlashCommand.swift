import RunConfiguration

/// A command of the conversation; the table is what help, completion and the reading of lines share.
package enum SlashCommand: String, CaseIterable, Sendable {
    case model, adapter, base, ab, system, set, show, save, load, clear, retry, edit, tokens, stats
    case jobs, watch, submit, cancel, help, quit

    /// What its argument names.
    package enum Argument: Sendable {
        case none, model, adapter, text, parameter, savedFile, file, run, job
    }

    package var argument: Argument {
        switch self {
        case .model: .model
        case .adapter: .adapter
        case .ab, .system, .tokens: .text
        case .set: .parameter
        case .save, .load: .savedFile
        case .submit: .run
        case .watch, .cancel: .job
        case .base, .show, .clear, .retry, .edit, .stats, .jobs, .help, .quit: .none
        }
    }

    /// Command and argument as help shows them.
    package var usage: String {
        let argument =
            switch self {
            case .model: " DIR"
            case .adapter: " [DIR]"
            case .ab: " [PROMPT]"
            case .system, .tokens: " [TEXT]"
            case .set: " [KEY=VALUE...]"
            case .save, .load: " FILE"
            case .submit: " FILE [KEY=VALUE...]"
            case .watch: " [JOB]"
            case .cancel: " JOB..."
            default: ""
            }
        return "/" + rawValue + argument
    }

    package var summary: String {
        switch self {
        case .model: "talk with this model; the dialogue stays"
        case .adapter: "use this adapter; without DIR, the last one again"
        case .base: "talk with the model without an adapter"
        case .ab: "answer a prompt, or the last one, by the base model and with the adapter"
        case .system: "set the system message; without TEXT, none"
        case .set: "set generation parameters; KEY= takes one back"
        case .show: "show model, adapter, parameters and dialogue"
        case .save: "write the dialogue as JSON messages"
        case .load: "go on with a saved dialogue"
        case .clear: "begin a new dialogue"
        case .retry: "answer the last prompt again"
        case .edit: "edit the last prompt in $VISUAL or $EDITOR and answer it again"
        case .tokens: "show the token ids of a text, or of the last prompt"
        case .stats: "show the speed of the last answer"
        case .jobs: "list jobs"
        case .watch: "follow a job; Ctrl-C detaches"
        case .submit: "submit a training run"
        case .cancel: "cancel jobs"
        case .help: "explain the commands"
        case .quit: "leave, as Ctrl-D does"
        }
    }

    /// Other spellings that people bring along.
    private static let aliases: [String: SlashCommand] = ["bye": .quit, "exit": .quit, "q": .quit, "?": .help]

    package static func named(_ name: String) -> SlashCommand? {
        SlashCommand(rawValue: name) ?? aliases[name]
    }

    package static func nearest(to name: String) -> SlashCommand? {
        allCases.map { (command: $0, distance: EditDistance.between($0.rawValue, name, atMost: 3)) }
            .filter { $0.distance <= 2 }
            .min { $0.distance < $1.distance }?
            .command
    }

    /// Every command with its meaning, one a line.
    package static var overview: String {
        let width = allCases.map(\.usage.count).max() ?? 0
        let lines = allCases.map { command in
            command.usage + String(repeating: " ", count: width - command.usage.count) + "  " + command.summary + "\n"
        }
        return lines.joined() + """
            Everything else is a prompt. \"\"\" begins and ends a prompt of several lines. Tab completes commands, names and
            files; Ctrl-C stops an answer, Ctrl-D leaves.

            """
    }
}

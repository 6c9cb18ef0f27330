import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let data = Command(
        "data", "look at a run's data as the model will see it: data preview FILE",
        positionals: [.one("preview", .text), .one("FILE", .file)],
        options: [
            .value("row", "N", "only this item, counted from 1"),
            .value("split", "PART", "train (default) or eval"),
            .flag("jsonl", "every item as one line of JSON: input_ids, labels, ..."),
        ],
        takesOverrides: true,
        details: """
            Prepares the data of FILE's run and shows the share of tokens that are trained on, lengths, what was cut,
            dropped, repeated or masked, and the first items: text and tokens, those that are trained on in green on a
            terminal with colours and between « and » elsewhere. Data of stages that cannot be trained yet is shown
            as well. With --json the figures alone.
            """
    ) { invocation, context in
        guard invocation.positionals[0] == "preview" else {
            throw CommandFailure.usage(
                "`data` knows `preview` alone, not `\(invocation.positionals[0])`",
                hint: "usage: tunectl data preview FILE")
        }
        let path = invocation.positionals[1]
        let text = path == "-" ? try context.input.remainingText() : try context.text(ofFile: path)
        let split = invocation.value("split") ?? "train"
        guard split == "train" || split == "eval" else {
            throw CommandFailure.usage("--split is train or eval, not `\(split)`")
        }
        let row = try invocation.value("row").map { text in
            guard let number = Int(text), number > 0 else {
                throw CommandFailure.usage("--row takes a number from 1 on, not `\(text)`")
            }
            return number
        }
        let format: DatasetPreview.Format =
            invocation.has("jsonl") ? .jsonl : context.wantsJSON ? DatasetPreview.Format.none : .text
        let config = ConfigurationSource(text: text, name: path == "-" ? "standard input" : path)
        let inputs = try InputFiles(
            of: config, overrides: invocation.overrides, weights: false, context: context)
        let result = try context.client().call(
            DatasetPreview.self,
            DatasetPreview.Parameters(
                config: config,
                overrides: invocation.overrides, split: split, format: format, row: row,
                color: context.outputTerminal.usesColor, columns: context.terminalColumns(),
                workingDirectory: context.workingDirectory, files: inputs.files),
            passing: inputs.descriptors + (format == .none ? [] : [context.outputDescriptor]), onInterrupt: .cancelCall)
        switch format {
        case .none: context.printJSON(result)
        case .jsonl: for note in result["notes"]?.array ?? [] { context.say(note.string ?? "") }
        case .text: break
        }
        return .success
    }
}

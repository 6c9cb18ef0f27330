import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let plan = Command(
        "plan", "say what a run will hold in memory and how long it takes",
        positionals: [.one("FILE", .file)], takesOverrides: true,
        details: """
            Prepares the data of FILE (- is standard input) as a run would and goes through its steps without
            computing them. Weights that stay as they are on disk are mapped: their pages are shared by all processes
            on the same files and are not counted in the peak of the run's own memory. Exit code 78 if the run does
            not fit into the service's budget; what would fit is printed then.
            """
    ) { invocation, context in
        let file = try ConfigurationFile(invocation, context)
        let config = ConfigurationSource(text: file.text, name: file.name)
        let inputs = try InputFiles(of: config, overrides: invocation.overrides, context: context)
        let value = try context.client().call(
            ConfigPlan.self,
            ConfigPlan.Parameters(
                config: config, overrides: invocation.overrides, workingDirectory: context.workingDirectory,
                files: inputs.files), passing: inputs.descriptors)
        let plan = try value.decoded(as: MemoryPlan.self)
        if context.wantsJSON {
            context.printJSON(value)
        } else if context.isQuiet {
            context.output.write("\(plan.peakAnonymousBytes)\n")
        } else {
            context.output.write(PlanText.render(plan))
        }
        return plan.fits ? .success : .badConfiguration
    }
}

/// A plan for people.
enum PlanText {
    static func render(_ plan: MemoryPlan) -> String {
        var lines: [(String, String)] = plan.parts.filter { $0.bytes > 0 }.map { (title($0.name), bytes($0.bytes)) }
        lines.append(("peak of its own", bytes(plan.peakAnonymousBytes)))
        lines.append(("mapped weights, shared", bytes(plan.mappedWeightBytes)))
        lines.append(("peak resident", bytes(plan.peakResidentBytes)))
        if let budget = plan.budgetBytes { lines.append(("budget for all runs and models", bytes(budget))) }
        let (width, figures) = (column(lines.map(\.0)), column(lines.map(\.1)))
        var text = lines.map { name, value in
            TextColumns.padded(name, to: width) + "  " + TextColumns.padded(value, to: figures, alignRight: true)
                + "\n"
        }.joined()
        text += "\n" + time(plan)
        if !plan.fits { text += "\n" + refusal(plan) }
        return text
    }

    private static func column(_ texts: [String]) -> Int { texts.map(TextColumns.width).max() ?? 0 }
    private static func bytes(_ count: Int) -> String { ReadableNumbers.bytes(Int64(count)) }

    private static func title(_ name: String) -> String {
        switch name {
        case "copied_weights": "weights held in memory"
        case "process_and_data": "process, tokenizer and data"
        default: String(name.map { $0 == "_" ? " " : $0 })
        }
    }

    private static func time(_ plan: MemoryPlan) -> String {
        let tokens = ReadableNumbers.significant(plan.tokensPerStep, digits: 3)
        let step = ReadableNumbers.significant(plan.secondsPerStep, digits: 2)
        return """
            \(plan.totalSteps) steps of \(tokens) tokens, about \(step) s each with \(plan.threads) threads: \
            \(ReadableNumbers.duration(seconds: plan.totalSeconds)) in all
            \(plan.trainableParameters) of \(plan.parameters) parameters are trained; the longest item has \
            \(plan.longestItem) tokens, the largest micro-batch \(plan.largestBatchTokens)
            products are computed at precision \(plan.matmulPrecision); \(recomputation(plan))

            """
    }

    private static func recomputation(_ plan: MemoryPlan) -> String {
        switch plan.recomputedShare {
        case ...0: "every layer keeps its activations"
        case 1...: "every layer computes its activations again in the backward pass"
        default:
            "\(ReadableNumbers.significant(100 * plan.recomputedShare, digits: 2)) % of the layers compute their "
                + "activations again in the backward pass"
        }
    }

    private static func refusal(_ plan: MemoryPlan) -> String {
        guard let alternative = plan.alternative else {
            return "This does not fit, and nothing was found that does: a smaller model is needed.\n"
        }
        return "This does not fit. It would with \(alternative.overrides.joined(separator: " ")): "
            + "\(bytes(alternative.peakAnonymousBytes)).\n"
    }
}

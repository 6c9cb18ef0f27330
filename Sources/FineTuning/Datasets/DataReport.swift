/// What preparation found: counts for people and for the job's notes.
package struct DataReport: Hashable, Sendable {
    /// One dataset as it was read.
    package struct Source: Hashable, Sendable {
        package var name: String
        /// Rows in its files.
        package var rows: Int
        /// Rows taken after `split`, `num_samples` and `max_samples`.
        package var taken: Int
        /// Fields of its description that mean nothing.
        package var unknownFields: [String] = []
    }

    /// Rows left out for one reason, with the first of them.
    package struct Drop: Hashable, Sendable {
        package var reason: DroppedRow.Reason
        package var count: Int
        package var firstPlace: RowPlace
        package var firstDetail: String
    }

    /// The training or the evaluation part.
    package struct Part: Hashable, Sendable {
        package var name: String
        package var rows = 0
        package var items = 0
        package var tokens = 0
        package var labelledTokens = 0
        package var drops: [Drop] = []
        /// Items that lost tokens because they did not fit `cutoff_len`.
        package var truncatedItems = 0
        package var lostPromptTokens = 0
        package var lostResponseTokens = 0
        /// Whole turns that did not fit.
        package var lostTurns = 0
        /// Items of which no position is trained on.
        package var itemsWithoutLabels = 0
        /// Pre-training: tokens left over behind the last whole block of each group.
        package var leftoverTokens = 0
        /// The first item, ids and text.
        package var preview = ""
    }

    package var sources: [Source] = []
    package var training: Part?
    package var evaluation: Part?
}

extension DataReport {
    /// The report as lines for a log; nothing about what did not happen.
    package var lines: [String] {
        sources.flatMap(\.lines) + [training, evaluation].compactMap { $0 }.flatMap(\.lines)
    }
}

extension DataReport.Source {
    fileprivate var lines: [String] {
        var lines = ["dataset \(name): \(rows == taken ? "" : "\(taken) of ")\(rows) rows"]
        if !unknownFields.isEmpty {
            let fields = unknownFields.map { "`\($0)`" }.joined(separator: ", ")
            lines.append(
                "dataset \(name): its description in dataset_info.json has fields that mean nothing: \(fields)")
        }
        return lines
    }
}

extension DataReport.Part {
    package var lines: [String] {
        var lines = ["\(name) data: \(items) items with \(tokens) tokens, \(labelledTokens) of them trained on"]
        if truncatedItems > 0 {
            lines.append(
                "\(name) data: \(truncatedItems) of \(items) items did not fit `cutoff_len`; lost "
                    + Self.enumeration([
                        (lostPromptTokens, "prompt tokens"), (lostResponseTokens, "response tokens"),
                        (lostTurns, "whole turns"),
                    ]))
        }
        if leftoverTokens > 0 {
            lines.append("\(name) data: \(leftoverTokens) tokens were left over behind the last whole blocks")
        }
        if itemsWithoutLabels > 0 {
            lines.append("\(name) data: \(itemsWithoutLabels) items have nothing to train on (only prompt fits)")
        }
        return lines + drops.map { "\(name) data: \($0)" }
    }

    private static func enumeration(_ parts: [(count: Int, name: String)]) -> String {
        parts.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
    }
}

extension DataReport.Drop: CustomStringConvertible {
    package var description: String {
        "\(count) \(count == 1 ? "row" : "rows") dropped because \(reason.rawValue); "
            + "the first is \(firstPlace): \(firstDetail)"
    }
}

/// What preparation found: counts for people and for the job's notes.
package struct DataReport: Hashable, Codable, Sendable {
    /// One dataset as it was read.
    package struct Source: Hashable, Codable, Sendable {
        package var name: String
        /// Rows in its files.
        package var rows: Int
        /// Rows taken after `split`, `num_samples` and `max_samples`.
        package var taken: Int
        /// Fields of its description that mean nothing.
        package var unknownFields: [String] = []
    }

    /// Rows left out for one reason, with the first of them.
    package struct Drop: Hashable, Codable, Sendable {
        package var reason: DroppedRow.Reason
        package var count: Int
        package var firstPlace: RowPlace
        package var firstDetail: String
    }

    /// A row whose tokens and labels are those of an earlier one.
    package struct Duplicate: Hashable, Codable, Sendable {
        package var place: RowPlace
        package var earlier: RowPlace
    }

    /// The training or an evaluation part.
    package struct Part: Hashable, Codable, Sendable {
        package var name: String
        package var rows = 0
        package var items = 0
        package var tokens = 0
        package var labelledTokens = 0
        package var drops: [Drop] = []
        /// Examples that lost tokens because they did not fit `cutoff_len`.
        package var truncatedItems = 0
        package var lostPromptTokens = 0
        package var lostResponseTokens = 0
        /// Whole turns that did not fit.
        package var lostTurns = 0
        /// Items of which no position is trained on.
        package var itemsWithoutLabels = 0
        /// Pre-training: tokens left over behind the last whole block of each group.
        package var leftoverTokens = 0
        /// How many rows have each number of tokens.
        package var lengths: [Int: Int] = [:]
        package var duplicates = 0
        package var firstDuplicate: Duplicate?
        /// Examples inside the items, where items hold several.
        package var packedExamples: Int?
        /// Stage kto: items whose answer is desired.
        package var desiredItems: Int?
    }

    package var sources: [Source] = []
    /// What is worth a look about the files.
    package var warnings: [String]? = nil
    /// What else is to be known.
    package var notes: [String]? = nil
    package var training: Part?
    /// One, unless each dataset is evaluated apart.
    package var evaluations: [Part] = []

    package var evaluation: Part? { evaluations.first }
}

extension DataReport {
    /// The report as lines for a log; nothing about what did not happen.
    package var lines: [String] {
        (notes ?? []) + (warnings ?? []) + sources.flatMap(\.lines)
            + ([training].compactMap { $0 } + evaluations).flatMap(\.lines)
    }
}

extension DataReport.Source {
    var lines: [String] {
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
        let examples = packedExamples.map { "\($0) examples in " } ?? ""
        return ["\(name) data: \(examples)\(items) items with \(tokens) tokens, \(labelledTokens) of them trained on"]
            + warnings
    }

    /// What is worth a look before training begins.
    package var warnings: [String] {
        var lines: [String] = []
        if truncatedItems > 0 {
            let whole = packedExamples ?? items
            lines.append(
                "\(name) data: \(truncatedItems) of \(whole) \(packedExamples == nil ? "items" : "examples") did not fit `cutoff_len`; lost "
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
        if duplicates > 0, let first = firstDuplicate {
            lines.append(
                "\(name) data: \(duplicates) \(duplicates == 1 ? "row repeats" : "rows repeat") an earlier one token "
                    + "for token; the first is \(first.place), the same as \(first.earlier)")
        }
        if let desiredItems, desiredItems == 0 || desiredItems == items {
            lines.append(
                "\(name) data: all answers are \(desiredItems == 0 ? "undesired" : "desired"); stage kto learns from "
                    + "the difference between both kinds")
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

internal import ChatTemplates
package import JSONDocuments

/// Brings rows of one dataset into the common form.
package struct RowConverter: Sendable {
    package let description: DatasetDescription

    package init(description: DatasetDescription) {
        self.description = description
    }

    var columns: DatasetDescription.Columns { description.columns }
    var tags: DatasetDescription.Tags { description.tags }

    /// - Throws: `RowProblem` for a row that stops the run.
    package func convert(_ row: JSONObject) throws -> Conversion {
        try refuseMedia(in: row)
        return switch description.formatting {
        case .alpaca: try convertAlpaca(row)
        case .sharegpt: try convertSharegpt(row)
        case .openai: try convertOpenAI(row)
        }
    }

    /// The mapped columns, with what each is to hold.
    var mappedColumns: [(role: String, column: String)] {
        var mapped: [(String, String?)] = [
            ("images", columns.images), ("videos", columns.videos), ("sounds", columns.audios),
            ("preference tag", columns.preferenceTag),
        ]
        // The reference does not insist on these in its own format of dialogs.
        if description.formatting != .openai { mapped += [("system text", columns.system), ("tools", columns.tools)] }
        if description.ranking {
            mapped += [("chosen answer", columns.chosen), ("rejected answer", columns.rejected)]
        }
        switch description.formatting {
        case .alpaca:
            mapped += [
                ("prompt", columns.prompt), ("second part of the prompt (`query`)", columns.query),
                ("response", columns.response), ("history", columns.history),
            ]
        case .sharegpt, .openai: mapped.append(("messages", columns.messages))
        }
        return mapped.compactMap { role, column in column.map { (role, $0) } }
    }

    // MARK: - Values of a row

    /// The text of a column; nil if it is unmapped, absent or null.
    func text(of column: String?, in row: JSONObject) throws -> String? {
        guard let column, let value = row[column], !value.isNull else { return nil }
        guard let text = value.string else {
            throw RowProblem("the column `\(column)` must hold a text, not \(value.kindName)\(hint(column, value))")
        }
        return text
    }

    /// Whether the row says that its answer is desired; nil if it says neither.
    func preferenceTag(of row: JSONObject) -> Bool? {
        columns.preferenceTag.flatMap { row[$0]?.bool }
    }

    /// The answer and an empty one, in the order that says whether the answer is desired.
    func tagged(_ answer: ChatMessage, isDesired: Bool) -> [ChatMessage] {
        let empty = ChatMessage(role: .assistant, content: "")
        return isDesired ? [answer, empty] : [empty, answer]
    }

    private func refuseMedia(in row: JSONObject) throws {
        for column in [columns.images, columns.videos, columns.audios] {
            guard let column, let value = row[column], !value.isNull, value.array?.isEmpty != true else { continue }
            throw RowProblem("the column `\(column)` brings images, video or sound, which are not available yet")
        }
    }

    private func hint(_ column: String, _ value: JSONValue) -> String {
        switch value {
        case .integer, .number, .bool: " (\(value.serialized(.compact))); write it in quotation marks"
        case .array, .object:
            column == columns.tools
                ? "; write the tools as one text that holds JSON, or use `formatting: openai`" : ""
        case .null, .string: ""
        }
    }
}

import ChatTemplates
import JSONDocuments

/// Brings rows of one dataset into the common form.
struct RowConverter: Sendable {
    let description: DatasetDescription

    var columns: DatasetDescription.Columns { description.columns }
    var tags: DatasetDescription.Tags { description.tags }

    func convert(_ row: JSONObject) throws -> Conversion {
        try refuseMedia(in: row)
        return switch description.formatting {
        case .alpaca: try convertAlpaca(row)
        case .sharegpt: try convertSharegpt(row)
        }
    }

    /// The mapped columns, with what each is to hold.
    var mappedColumns: [(role: String, column: String)] {
        var mapped: [(String, String?)] = [
            ("system text", columns.system), ("tools", columns.tools), ("images", columns.images),
            ("videos", columns.videos), ("sounds", columns.audios), ("preference tag", columns.preferenceTag),
        ]
        switch description.formatting {
        case .alpaca:
            mapped += [
                ("prompt", columns.prompt), ("second part of the prompt (`query`)", columns.query),
                ("response", columns.response), ("history", columns.history),
            ]
        case .sharegpt: mapped.append(("messages", columns.messages))
        }
        return mapped.compactMap { role, column in column.map { (role, $0) } }
    }

    // MARK: - Values of a row

    /// The text of a column; nil if it is unmapped, absent or null.
    func text(of column: String?, in row: JSONObject) throws -> String? {
        guard let column, let value = row[column], !value.isNull else { return nil }
        guard let text = value.string else {
            throw RowProblem("the column `\(column)` must hold a text, not \(value.kindName)\(Self.hint(value))")
        }
        return text
    }

    private func refuseMedia(in row: JSONObject) throws {
        for column in [columns.images, columns.videos, columns.audios] {
            guard let column, let value = row[column], !value.isNull, value.array?.isEmpty != true else { continue }
            throw RowProblem("the column `\(column)` brings images, video or sound, which are not available yet")
        }
    }

    private static func hint(_ value: JSONValue) -> String {
        switch value {
        case .integer, .number, .bool: " (\(value.serialized(.compact))); write it in quotation marks"
        default: ""
        }
    }
}

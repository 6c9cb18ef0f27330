import JSONDocuments

/// Finds columns and message keys that dataset_info.json names but no row has.
///
/// A key that is missing in some rows only reads as null there.
struct ColumnCheck<Rows: CheckedRows> {
    let converter: RowConverter
    let table: Rows

    private var name: String { converter.description.name }

    func run() throws {
        let first = try table.row(0)
        for (role, column) in converter.mappedColumns where !first.contains(column) {
            if try table.contains(where: { $0.contains(column) }) { continue }
            throw DataError.missingColumn(
                dataset: name, role: role, column: column, present: try table.columns(),
                unknownFields: converter.description.unknownFields)
        }
        if converter.description.formatting != .alpaca { try checkMessages(first: first) }
    }

    private func checkMessages(first: JSONObject) throws {
        guard let column = converter.columns.messages else { return }
        for (tag, key) in [("role_tag", converter.tags.role), ("content_tag", converter.tags.content)] {
            let key = key ?? ""
            if Self.keys(of: first, column).contains(key) { continue }
            var present: [String] = []
            let isThere = try table.contains { row in
                let keys = Self.keys(of: row, column)
                for key in keys where present.count < 20 && !present.contains(key) { present.append(key) }
                return keys.contains(key)
            }
            if isThere || present.isEmpty { continue }
            throw DataError.missingMessageKey(dataset: name, tag: tag, key: key, present: present)
        }
    }

    private static func keys(of row: JSONObject, _ column: String) -> [String] {
        row[column]?.array?.flatMap { $0.object?.keys ?? [] } ?? []
    }
}

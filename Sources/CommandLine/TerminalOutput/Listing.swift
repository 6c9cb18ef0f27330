/// How lists are printed; a new way is a compile error until every list knows it.
package enum ListingFormat: Sendable, Equatable {
    /// Aligned columns under headings, cut to the width; nil leaves lines whole.
    case table(width: Int?)
    /// Only each row's name, one a line.
    case quiet
    /// One row a line, cells parted by tabs, without headings; an empty cell is `-`.
    case plain
    /// One JSON array.
    case json
}

/// A row of something that can be listed.
package protocol Listable {
    static var headings: [String] { get }
    /// As many texts as there are headings.
    var cells: [String] { get }
    /// What `--quiet` prints.
    var quietName: String { get }
    /// The row as JSON text.
    var json: String { get }
}

/// The one renderer of lists.
package enum Listing {
    package static func render<Row: Listable>(_ rows: [Row], as format: ListingFormat, utf8: Bool) -> String {
        switch format {
        case .quiet: rows.map { $0.quietName + "\n" }.joined()
        case .plain: rows.map { plainLine($0) }.joined()
        case .json: rows.isEmpty ? "[]\n" : "[\n" + rows.map { "  " + $0.json }.joined(separator: ",\n") + "\n]\n"
        case .table(let width): table(rows, width: width, utf8: utf8)
        }
    }

    private static func plainLine(_ row: some Listable) -> String {
        row.cells.map { $0.isEmpty ? "-" : TextColumns.printable($0) }.joined(separator: "\t") + "\n"
    }

    private static func table<Row: Listable>(_ rows: [Row], width: Int?, utf8: Bool) -> String {
        let cells = [Row.headings] + rows.map { $0.cells.map(TextColumns.printable) }
        let widths = Row.headings.indices.map { column in
            cells.map { column < $0.count ? TextColumns.width($0[column]) : 0 }.max() ?? 0
        }
        return cells.map { line in
            let padded = line.enumerated().map { column, cell in
                column == line.count - 1 ? cell : TextColumns.padded(cell, to: widths[column])
            }
            let text = padded.joined(separator: "  ")
            return (width.map { TextColumns.cut(text, to: $0, utf8: utf8) } ?? text) + "\n"
        }
        .joined()
    }
}

import FoundationEssentials
import JSONDocuments

/// Lines of a text file, each a row with the one column `text`. Empty lines are rows too.
struct TextRowReader: RowReader {
    private let path: String
    private let data: Data
    private let lines: [Range<Int>]

    init(path: String) throws {
        self.path = path
        data = try FileContents.readText(path)
        lines = Self.lines(of: data.span)
    }

    var count: Int { lines.count }

    func place(of index: Int) -> RowPlace {
        RowPlace(path: path, number: index + 1, isLine: true)
    }

    func row(_ index: Int) throws -> JSONObject {
        guard let text = String(validating: data[lines[index]], as: UTF8.self) else {
            throw DataError.badRow(place: place(of: index), reason: "the text is not valid UTF-8")
        }
        return ["text": .string(text)]
    }

    /// Lines end with a newline, a carriage return, or both.
    private static func lines(of text: Span<UInt8>) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            guard byte == 0x0A || byte == 0x0D else { continue }
            lines.append(start..<index - 1)
            if byte == 0x0D, index < text.count, text[index] == 0x0A { index += 1 }
            start = index
        }
        if start < text.count { lines.append(start..<text.count) }
        return lines
    }
}

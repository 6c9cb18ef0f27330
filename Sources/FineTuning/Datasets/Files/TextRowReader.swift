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
        var scanner = LineScanner()
        var lines: [Range<Int>] = []
        while let line = scanner.next(in: data.span) { lines.append(line.bytes) }
        self.lines = lines
    }

    var count: Int { lines.count }

    func place(of index: Int) -> RowPlace {
        RowPlace(path: path, number: index + 1, isLine: true)
    }

    func row(_ index: Int) throws -> JSONObject {
        try Self.row(of: data.span.extracting(lines[index]), at: place(of: index))
    }

    static func row(of line: Span<UInt8>, at place: @autoclosure () -> RowPlace) throws -> JSONObject {
        guard let text = unsafe line.withUnsafeBufferPointer({ unsafe String(validating: $0, as: UTF8.self) }) else {
            throw DataError.badRow(place: place(), reason: "the text is not valid UTF-8")
        }
        return ["text": .string(text)]
    }
}

/// Takes the lines of a text one after the other; they end with a newline, a carriage return, or both.
struct LineScanner {
    private var position = 0
    private var count = 0

    mutating func next(in text: Span<UInt8>) -> ScannedRow? {
        guard position < text.count else { return nil }
        let start = position
        while position < text.count, text[position] != 0x0A, text[position] != 0x0D { position += 1 }
        let end = position
        if position < text.count {
            let isReturn = text[position] == 0x0D
            position += 1
            if isReturn, position < text.count, text[position] == 0x0A { position += 1 }
        }
        count += 1
        return ScannedRow(bytes: start..<end, number: count)
    }
}

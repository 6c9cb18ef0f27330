package import FoundationEssentials

/// An Arrow file or stream: record batches, told by a footer (`ARROW1`) or one behind the other, as the `datasets`
/// library writes them.
///
/// Every length, count and offset is distrusted; a batch takes at most `MemoryBudget.ofBatch` bytes.
///
/// https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
package struct ArrowFile: ColumnarFile {
    private let data: Data
    private let schema: ArrowSchema
    private let batches: [ArrowMessage]
    /// With each the number of record batches before it.
    private let dictionaries: [(message: ArrowMessage, batchesBefore: Int)]
    package let batchCounts: [Int]

    private static let mark = Array("ARROW1".utf8)

    /// Whether the bytes begin as Arrow files or streams do.
    package static func hasMark(_ data: Data) -> Bool {
        data.starts(with: mark) || data.starts(with: [0xFF, 0xFF, 0xFF, 0xFF])
    }

    /// Reads what describes the batches.
    package init(_ data: Data) throws(ColumnarFileError) {
        self.data = data
        guard data.count >= 8 else { throw Self.foreign }
        var (batches, dictionaries): ([ArrowMessage], [(ArrowMessage, Int)]) = ([], [])
        if data.starts(with: Self.mark) {
            let footer = try Self.footer(of: data)
            guard let table = try footer.table(1) else { throw ColumnarFileError("its footer has no schema") }
            schema = try ArrowSchema(table)
            dictionaries = try Self.messages(footer, 2, in: data).map { ($0, 0) }
            batches = try Self.messages(footer, 3, in: data)
        } else {
            guard let first = try ArrowMessage(next: data, at: 0), first.type == .schema else { throw Self.foreign }
            schema = try ArrowSchema(first.header)
            var position = first.end
            while let message = try ArrowMessage(next: data, at: position) {
                position = message.end
                switch message.type {
                case .recordBatch: batches.append(message)
                case .dictionaryBatch: dictionaries.append((message, batches.count))
                case .schema: throw ColumnarFileError("a second schema follows its batches")
                }
            }
        }
        guard batches.allSatisfy({ $0.type == .recordBatch }),
            dictionaries.allSatisfy({ $0.0.type == .dictionaryBatch })
        else { throw ColumnarFileError("its footer takes one kind of message for another") }
        self.batches = batches
        self.dictionaries = dictionaries.map { (message: $0.0, batchesBefore: $0.1) }
        var counts: [Int] = []
        var total = 0
        for (number, batch) in batches.enumerated() {
            let count = try batch.rowCount()
            guard count >= 0, count <= ParquetFile.mostRows - total else {
                throw ColumnarFileError("with \(count) rows, the file has more than \(ParquetFile.mostRows)")
                    .inBatch(Self.name(ofBatch: number))
            }
            total += count
            counts.append(count)
        }
        batchCounts = counts
    }

    private static let foreign = ColumnarFileError(
        "not an Arrow file or stream, or one that was not written to its end (it must begin with ARROW1 or with a schema)"
    )

    private static func footer(of data: Data) throws(ColumnarFileError) -> FlatTable {
        let end = [UInt8](data.suffix(10))
        guard data.count >= 20, end.suffix(6).elementsEqual(mark) else { throw foreign }
        let size = Int(end.littleEndian(at: 0) as Int32)
        guard size > 0, size <= data.count - 18 else {
            throw ColumnarFileError("its footer of \(size) bytes does not fit the file of \(data.count) bytes")
        }
        let start = data.endIndex - 10 - size
        return try FlatTable(root: [UInt8](data[start..<start + size]))
    }

    /// Messages from structures of an offset, a metadata length (padded) and a body length. Each lies behind the one
    /// before, as writers put them; otherwise a small file could name a large message any number of times.
    private static func messages(
        _ footer: FlatTable, _ field: Int, in data: Data
    ) throws(ColumnarFileError) -> [ArrowMessage] {
        let numbers = try footer.numbers(field, width: 3, of: Int64.self)
        var messages: [ArrowMessage] = []
        for index in stride(from: 0, to: numbers.count, by: 3) {
            let offset = Int(numbers[index])
            guard offset >= messages.last?.end ?? 0 else {
                throw ColumnarFileError("its footer names messages that lie over each other")
            }
            messages.append(try ArrowMessage(in: data, at: offset))
        }
        return messages
    }

    private static func name(ofBatch number: Int) -> String { "record batch \(number + 1)" }

    package func batch(_ index: Int) throws(ColumnarFileError) -> RowBatch {
        do throws(ColumnarFileError) {
            var budget = MemoryBudget()
            var known: [Int64: Column] = [:]
            // A later one of the same number takes the place of an earlier one.
            var latest: [Int64: Int] = [:]
            for (place, dictionary) in dictionaries.enumerated() where dictionary.batchesBefore <= index {
                latest[try dictionary.message.header.number(0)] = place
            }
            for place in latest.values.sorted() { try add(dictionaries[place].message, to: &known, &budget) }
            var reader = try ArrowBatchReader(batches[index].header, body: batches[index].body(in: data), known)
            var columns: [NamedColumn] = []
            for field in schema.fields {
                let column = try reader.column(of: field, &budget)
                guard column.count == batchCounts[index] else {
                    throw ColumnarFileError("\(column.count) values in \(batchCounts[index]) rows").inColumn(field.name)
                }
                columns.append(NamedColumn(name: field.name, column: column))
            }
            return RowBatch(name: Self.name(ofBatch: index), count: batchCounts[index], columns: columns)
        } catch {
            throw error.inBatch(Self.name(ofBatch: index))
        }
    }

    private func add(
        _ message: ArrowMessage, to known: inout [Int64: Column], _ budget: inout MemoryBudget
    ) throws(ColumnarFileError) {
        let id = try message.header.number(0) as Int64
        guard let field = schema.dictionaries[id], let header = try message.header.table(1) else {
            throw ColumnarFileError("a dictionary belongs to no column")
        }
        var reader = try ArrowBatchReader(header, body: message.body(in: data), known)
        let values = ArrowField(name: field.name, kind: field.kind, children: field.children, dictionary: nil)
        let column = try reader.column(of: values, &budget)
        guard try !message.header.flag(2) else {
            throw ColumnarFileError("its dictionaries grow from batch to batch (deltas), which is not read")
                .inColumn(field.name)
        }
        known[id] = column
    }
}

/// A message of an Arrow stream: a description, and the body that it describes.
struct ArrowMessage {
    enum Kind: UInt8 {
        case schema = 1
        case dictionaryBatch = 2
        case recordBatch = 3
    }

    let type: Kind
    let header: FlatTable
    private let bodyRange: Range<Int>

    /// Behind the body, counted from the data's beginning.
    var end: Int { bodyRange.upperBound }

    init(in data: Data, at position: Int) throws(ColumnarFileError) {
        guard let message = try ArrowMessage(next: data, at: position) else {
            throw ColumnarFileError("its footer leads to the end of the messages")
        }
        self = message
    }

    /// The message that begins at `position`; nil at the end of the stream.
    init?(next data: Data, at position: Int) throws(ColumnarFileError) {
        func number(at offset: Int) -> Int {
            let start = data.startIndex + offset
            return Int([UInt8](data[start..<start + 4]).littleEndian(at: 0) as Int32)
        }
        // A stream may end without saying so.
        if position == data.count { return nil }
        guard position >= 0, position <= data.count - 4 else { throw Self.outside }
        var start = position + 4
        var size = number(at: position)
        if size == -1 {
            guard start <= data.count - 4 else { throw Self.outside }
            size = number(at: start)
            start += 4
        }
        if size == 0 { return nil }
        guard size > 0, size <= data.count - start else { throw Self.outside }
        let bytes = [UInt8](data[data.startIndex + start..<data.startIndex + start + size])
        let table = try FlatTable(root: bytes)
        guard let type = Kind(rawValue: try table.number(1)), let header = try table.table(2) else {
            throw ColumnarFileError("it holds a message that is no schema, dictionary or record batch")
        }
        let body = try table.number(3) as Int64
        guard body >= 0, body <= Int64(data.count - start - size) else { throw Self.outside }
        self.type = type
        self.header = header
        bodyRange = start + size..<start + size + Int(body)
    }

    private static let outside = ColumnarFileError("a message lies outside of the file, which may have been cut")

    func rowCount() throws(ColumnarFileError) -> Int { Int(try header.number(0) as Int64) }

    func body(in data: Data) -> Data {
        data[data.startIndex + bodyRange.lowerBound..<data.startIndex + bodyRange.upperBound]
    }
}

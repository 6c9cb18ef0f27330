import Glibc
package import JSONDocuments
package import LinuxSystem
package import ServiceAPI

/// The figures of one job: a file that is only appended to, one line `CRC-32 seq {"kind","at","fields"}` for each.
///
/// What `append` has written is on the disk when it returns. A line that a crash has cut is dropped at the next
/// opening; nobody was told of it.
package final class MetricsLog {
    package let path: String
    private let file: FileDescriptor
    private var size: Int
    /// The number of the last record, 0 when there is none.
    package private(set) var lastSequence: Int64

    /// Opens the log for appending; it is created when missing.
    package init(path: String) throws(SystemError) {
        self.path = path
        file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_APPEND)
        let length = Int(try file.status().st_size)
        let whole = try Self.endOfLastRecord(file, length: length)
        if whole.end != length {
            try checking("ftruncate", path) { [number = file.number] in Int(ftruncate(number, off_t(whole.end))) }
        }
        size = whole.end
        lastSequence = whole.sequence
    }

    /// Appends records with numbers that rise from `last + 1`.
    ///
    /// When it fails, nothing of them is in the file.
    package func append(
        _ records: [(JobEvent.Kind, JSONObject)], after last: Int64, at time: String
    ) throws(SystemError) -> [JobEvent] {
        let events = records.enumerated().map { index, record in
            JobEvent(seq: last + Int64(index) + 1, kind: record.0, at: time, fields: record.1)
        }
        let bytes = events.flatMap(Self.line)
        do {
            try file.writeAll(bytes, subject: path)
            try checking("fdatasync", path) { [number = file.number] in Int(fdatasync(number)) }
        } catch {
            _ = ftruncate(file.number, off_t(size))
            throw error
        }
        size += bytes.count
        lastSequence = events.last?.seq ?? lastSequence
        return events
    }

    static func line(_ event: JobEvent) -> [UInt8] {
        let value: JSONValue = [
            "kind": .string(event.kind.rawValue), "at": .string(event.at), "fields": .object(event.fields),
        ]
        let body = Array("\(event.seq) ".utf8) + value.serializedBytes(.compact)
        return Array("\(RecordChecksum.text(of: body)) ".utf8) + body + [UInt8(ascii: "\n")]
    }
}

// MARK: Reading

extension MetricsLog {
    /// A place in the log that a reader has come to.
    package struct Place {
        /// All records before `offset` have at most this number.
        fileprivate var sequence: Int64 = 0
        fileprivate var offset = 0

        package init() {}

        fileprivate init(sequence: Int64, offset: Int) {
            self.sequence = sequence
            self.offset = offset
        }
    }

    /// The records after `since`, in order, at most `limit`; a record that is damaged is left out.
    package static func events(
        at path: String, since: Int64, limit: Int = .max
    ) throws(SystemError) -> [JobEvent] {
        var place = Place()
        return try events(at: path, since: since, limit: limit, from: &place)
    }

    /// The same for who reads on: what lies before `place` is not looked at again.
    package static func events(
        at path: String, since: Int64, limit: Int, from place: inout Place
    ) throws(SystemError) -> [JobEvent] {
        guard limit > 0, FileSystem.kind(of: path) != nil else { return [] }
        let file = try FileDescriptor.open(path, O_RDONLY)
        let length = Int(try file.status().st_size)
        let isKnown = place.offset > 0 && place.sequence <= since && place.offset <= length
        let start = isKnown ? place.offset : try start(of: since, file.number, length)
        var events: [JobEvent] = []
        var reader = LineReader(file: file.number, offset: start, end: length)
        while events.count < limit, let line = try reader.next() {
            if let event = event(line), event.seq > since { events.append(event) }
        }
        if let last = events.last { place = Place(sequence: last.seq, offset: reader.position) }
        return events
    }

    /// Where a line begins before which every record has been seen: numbers rise, so halving finds it.
    private static func start(of since: Int64, _ file: Int32, _ length: Int) throws(SystemError) -> Int {
        var (low, high) = (0, length)
        while since > 0, high - low > 4096 {
            let middle = (low + high) / 2
            var reader = LineReader(file: file, offset: middle, end: high, chunk: 4096)
            // The first piece is the rest of a line.
            guard try reader.next() != nil else { break }
            let place = reader.position
            guard let line = try reader.next(), let sequence = sequence(line) else { break }
            if sequence <= since { low = place } else { high = middle }
        }
        return low
    }

    private static func endOfLastRecord(
        _ file: borrowing FileDescriptor, length: Int
    ) throws(SystemError) -> (end: Int, sequence: Int64) {
        // A cut line is short; looking at the end is enough unless it is damaged too.
        for start in [max(0, length - 65536), 0] {
            var reader = LineReader(file: file.number, offset: start, end: length)
            if start > 0 { _ = try reader.next() }
            var last: (end: Int, sequence: Int64)?
            while let line = try reader.next() {
                if let event = event(line) { last = (reader.position, event.seq) }
            }
            if let last { return last }
        }
        return (0, 0)
    }

    private static func sequence(_ line: [UInt8]) -> Int64? {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        return parts.count == 3 ? Int64(String(decoding: parts[1], as: UTF8.self)) : nil
    }

    static func event(_ line: [UInt8]) -> JobEvent? {
        guard line.count > 9, line[8] == UInt8(ascii: " "), let sequence = sequence(line) else { return nil }
        let body = line[9...]
        guard Array(RecordChecksum.text(of: Array(body)).utf8) == Array(line[..<8]),
            let space = body.firstIndex(of: UInt8(ascii: " ")),
            let value = try? JSONValue(parsing: Array(body[(space + 1)...])),
            let kind = value["kind"]?.string.flatMap(JobEvent.Kind.init), let fields = value["fields"]?.object
        else { return nil }
        return JobEvent(seq: sequence, kind: kind, at: value["at"]?.string ?? "", fields: fields)
    }
}

/// Whole lines of a part of a file; what follows the last newline is no line.
private struct LineReader {
    let file: Int32
    /// Where the next line begins.
    private(set) var position: Int
    private let end: Int
    /// Bytes that are read at a time.
    private let chunk: Int
    private var buffer: [UInt8] = []
    private var used = 0
    private var fileOffset: Int

    init(file: Int32, offset: Int, end: Int, chunk: Int = 65536) {
        self.file = file
        self.chunk = chunk
        position = offset
        fileOffset = offset
        self.end = end
    }

    mutating func next() throws(SystemError) -> [UInt8]? {
        while true {
            if let newline = buffer[used...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[used..<newline])
                position += newline + 1 - used
                used = newline + 1
                return line
            }
            guard try fill() else { return nil }
        }
    }

    private mutating func fill() throws(SystemError) -> Bool {
        buffer.removeFirst(used)
        used = 0
        var chunk = [UInt8](repeating: 0, count: self.chunk)
        let wanted = min(chunk.count, end - fileOffset)
        guard wanted > 0 else { return false }
        let (file, offset) = (file, off_t(fileOffset))
        let count = try checking("pread") { unsafe pread(file, &chunk, wanted, offset) }
        guard count > 0 else { return false }
        fileOffset += count
        buffer += chunk[..<count]
        return true
    }
}

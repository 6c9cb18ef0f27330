import Foundation
import JSONDocuments
import Testing

import ColumnarFiles

struct ArrowTests {
    static let files = TableFixtures.names(ending: ".arrow").filter {
        $0 != "duration.arrow" && !$0.hasPrefix("bomb")
    }

    @Test(arguments: files) func everyRowIsAsWritten(name: String) throws {
        let data = try TableFixtures.data(name)
        #expect(ArrowFile.hasMark(data) != name.contains("old"))
        let rows = try TableFixtures.rows(in: try ArrowFile(data))
        let expected = try TableFixtures.rows(of: name)
        #expect(rows.count == expected.count)
        for (index, (row, expected)) in zip(rows, expected).enumerated() where row != expected {
            Issue.record("row \(index) is \(JSONValue.object(row)) instead of \(JSONValue.object(expected))")
            return
        }
    }

    @Test func thereAreEnoughFiles() { #expect(Self.files.count > 20) }

    @Test func anUnknownTypeIsNamed() throws {
        let error = #expect(throws: ColumnarFileError.self) { try ArrowFile(try TableFixtures.data("duration.arrow")) }
        #expect(error?.description == "column `x`: its type (duration) is not read; convert it to another one")
    }

    @Test func filesOfOtherKindsAreRefused() throws {
        for text in ["", "ARROW1", "{\"a\": 1, \"b\": [1, 2, 3]}\n", "ARROW1\u{0}\u{0}and something else ARROW"] {
            let error = #expect(throws: ColumnarFileError.self) { try ArrowFile(Data(text.utf8)) }
            #expect(error?.description.isEmpty == false)
        }
        // A file whose end is missing, and a stream that breaks off inside of a batch.
        for name in ["chats-file.arrow", "chats-stream-batches.arrow"] {
            let data = try TableFixtures.data(name)
            let error = #expect(throws: ColumnarFileError.self) { try ArrowFile(data.prefix(data.count - 200)) }
            #expect(
                error?.description.contains("written to its end") == true || error?.description.contains("cut") == true)
        }
    }

    /// Small files may stand for rows of any size.
    @Test func rowsOfHugeSizeAreRefused() throws {
        let files: [any ColumnarFile] = [
            try ArrowFile(try TableFixtures.data("bomb-arrow.arrow")),
            try ParquetFile(try TableFixtures.data("bomb-parquet.parquet")),
        ]
        for file in files {
            let batch = try file.batch(0)
            let error = #expect(throws: ColumnarFileError.self) { try batch.row(0) }
            #expect(error?.description.contains("the row takes more than 256 MiB") == true)
        }
    }

    static func bytes(_ value: Int64) -> Data { Data((0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }) }

    @Test func datesMayBeAsFarAwayAsNumbersGo() throws {
        var data = try TableFixtures.data("odd-stream.arrow")
        let place = try #require(data.firstRange(of: Self.bytes(1_709_164_800_000)))
        data.replaceSubrange(place, with: Self.bytes(.min))
        let rows = try TableFixtures.rows(in: try ArrowFile(data))
        #expect(rows[0]["day"]?.string?.hasPrefix("-") == true)
    }

    /// Otherwise a footer of many entries could take a message's memory many times.
    @Test func aMessageIsNamedOnce() throws {
        var data = try TableFixtures.data("chats-file-batches.arrow")
        let footer = data.count - 10 - (Int(data[data.count - 10]) | Int(data[data.count - 9]) << 8)
        let mark = Data([0xFF, 0xFF, 0xFF, 0xFF])
        let blocks = stride(from: 8, to: footer, by: 8).filter { data[$0..<$0 + 4] == mark }
            .compactMap { data[footer...].firstRange(of: Self.bytes(Int64($0))) }
        try #require(blocks.count > 2)
        data.replaceSubrange(blocks[1], with: data[blocks[0]])
        let error = #expect(throws: ColumnarFileError.self) { try ArrowFile(data) }
        #expect(error?.description == "its footer names messages that lie over each other")
    }

    /// A part of other data, so that indices do not begin at 0.
    @Test func slicesOfDataAreRead() throws {
        let data = try TableFixtures.data("chats-stream.arrow")
        let rows = try TableFixtures.rows(in: try ArrowFile((Data([1, 2, 3]) + data).dropFirst(3)))
        #expect(try rows == TableFixtures.rows(of: "chats"))
    }

    /// Whatever is changed, reading ends with rows or an error, in bounded time and memory.
    @Test(arguments: files) func damageIsAnError(name: String) throws {
        let data = try TableFixtures.data(name)
        for seed in 0..<300 {
            // Metadata lies near the beginning and at the end.
            let hot = seed % 2 == 0 ? 0..<min(data.count, 700) : max(0, data.count - 900)..<data.count
            var damage = Damage(seed: UInt64(seed))
            let damaged = damage.applied(to: data, hot: hot)
            do throws(ColumnarFileError) {
                let file = try ArrowFile(damaged)
                for index in file.batchCounts.indices.prefix(8) {
                    let batch = try file.batch(index)
                    for row in 0..<min(batch.count, 50) { _ = try batch.row(row) }
                }
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}

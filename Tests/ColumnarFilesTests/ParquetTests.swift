import Foundation
import JSONDocuments
import Testing

import ColumnarFiles

struct ParquetTests {
    static let files = TableFixtures.names(ending: ".parquet").filter {
        $0 != "brotli.parquet" && !$0.hasPrefix("bomb")
    }

    @Test(arguments: files) func everyRowIsAsWritten(name: String) throws {
        let rows = try TableFixtures.rows(in: try ParquetFile(try TableFixtures.data(name)))
        let expected = try TableFixtures.rows(of: name)
        #expect(rows.count == expected.count)
        for (index, (row, expected)) in zip(rows, expected).enumerated() where row != expected {
            Issue.record("row \(index) is \(JSONValue.object(row)) instead of \(JSONValue.object(expected))")
            return
        }
    }

    @Test func thereAreEnoughFiles() { #expect(Self.files.count > 20) }

    @Test func anUnknownCodecIsNamed() throws {
        let file = try ParquetFile(try TableFixtures.data("brotli.parquet"))
        let error = #expect(throws: ColumnarFileError.self) { try file.batch(0) }
        #expect(
            error?.description.hasPrefix("row group 1, column `conversations.list.element.from`: compressed") == true)
        #expect(error?.description.contains("Brotli") == true)
    }

    @Test func filesOfOtherKindsAreRefused() throws {
        for text in ["", "PAR1", "{\"a\": 1}\n", "PAR1\u{0}\u{0}\u{0}\u{0}PAR"] {
            let error = #expect(throws: ColumnarFileError.self) { try ParquetFile(Data(text.utf8)) }
            #expect(error?.description.contains("not a Parquet file") == true)
        }
        let long = #expect(throws: ColumnarFileError.self) {
            try ParquetFile(Data("PAR1".utf8) + [0xFF, 0xFF, 0xFF, 0x7F] + Data("PAR1".utf8))
        }
        #expect(long?.description == "its footer of 2147483647 bytes does not fit the file of 12 bytes")
        #expect(throws: ColumnarFileError.self) {
            try ParquetFile(Data("PAR1".utf8) + [0, 0, 0, 0] + Data("PARE".utf8))
        }
    }

    /// Whatever is changed, reading ends with rows or an error, in bounded time and memory.
    @Test(arguments: files) func damageIsAnError(name: String) throws {
        let data = try TableFixtures.data(name)
        let footer = Int(data[data.count - 8]) | Int(data[data.count - 7]) << 8
        for seed in 0..<200 {
            // Heads of pages lie near the beginning, the rest of what counts in the footer.
            let hot = seed % 2 == 0 ? 4..<min(data.count - 8, 300) : data.count - 8 - footer..<data.count - 4
            var damage = Damage(seed: UInt64(seed))
            let damaged = damage.applied(to: data, hot: hot)
            do throws(ColumnarFileError) {
                let file = try ParquetFile(damaged)
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

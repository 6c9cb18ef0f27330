import Foundation
import JSONDocuments
import Testing

import ColumnarFiles

/// The files beside these tests; scripts/fixtures/tables.py makes them.
///
/// `rows-name.parquet` holds the rows of `rows.json`.
enum TableFixtures {
    static let folder = Bundle.module.resourceURL?.appending(path: "Fixtures").path ?? ""

    static func names(ending: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(ending) }.sorted()
    }

    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
    }

    static func rows(of name: String) throws -> [JSONObject] {
        let stem = name.prefix { $0 != "-" && $0 != "." }
        let value = try JSONValue(parsing: Array(try data("\(stem).json")))
        return (value.array ?? []).compactMap(\.object)
    }

    /// Every row of a file.
    static func rows(in file: some ColumnarFile) throws -> [JSONObject] {
        var rows: [JSONObject] = []
        for index in file.batchCounts.indices {
            let batch = try file.batch(index)
            #expect(batch.count == file.batchCounts[index])
            for row in 0..<batch.count { rows.append(try batch.row(row)) }
        }
        return rows
    }
}

/// Deterministic damage, so that a failure can be repeated.
struct Damage {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return bound > 0 ? Int((state >> 33) % UInt64(bound)) : 0
    }

    /// `bytes` with a few changes, more of them where `hot` says that numbers are.
    mutating func applied(to bytes: Data, hot: Range<Int>) -> Data {
        var bytes = [UInt8](bytes)
        for _ in 0...next(below: 3) {
            let place = next(below: 3) == 0 ? next(below: bytes.count) : hot.lowerBound + next(below: hot.count)
            switch next(below: 6) {
            case 0: bytes[place] ^= 1 << UInt8(next(below: 8))
            case 1: bytes[place] = UInt8(next(below: 256))
            case 2: bytes[place] = next(below: 2) == 0 ? 0xFF : 0x7F
            case 3: for index in place..<min(place + 8, bytes.count) { bytes[index] = 0xFF }
            case 4: bytes[place] &+= 1
            default: bytes[place] = 0
            }
        }
        if next(below: 40) == 0 { bytes.removeSubrange(next(below: bytes.count)...) }
        return Data(bytes)
    }
}

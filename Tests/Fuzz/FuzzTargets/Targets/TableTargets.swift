import ColumnarFiles
import Datasets
import FoundationEssentials

/// Parquet files: footers, pages and encodings that lie.
struct ParquetTarget: FuzzTarget {
    static let name = "parquet"
    static let tokens = ["PAR1", "\u{0}\u{0}\u{0}\u{0}", "\u{7F}", "\u{15}"]
    static var seeds: [[UInt8]] {
        ["deep-v1", "scalars-v2", "chats-snappy-v1", "chats-zstd-v2", "many-delta", "many-split"].compactMap {
            tableFixture("\($0).parquet")
        }
    }
    static let changesGenerated = false
    private let seeds = Self.seeds

    func generate(_ random: inout Randomness) -> [UInt8]? { damaged(seeds, &random) }
    func take(_ input: [UInt8]) throws { try read(ParquetFile(Data(input))) }
    static func isExpected(_ error: any Error) -> Bool { error is ColumnarFileError }
}

/// Arrow files and streams: metadata, offsets and buffers that lie.
struct ArrowTarget: FuzzTarget {
    static let name = "arrow"
    static let tokens = ["ARROW1", "\u{0}\u{0}\u{0}\u{0}", "\u{7F}", "\u{8}"]
    static var seeds: [[UInt8]] {
        [
            "deep-file", "scalars-stream", "chats-lz4", "chats-views-stream", "chats-file-batches", "odd-stream",
            "many-dictionary", "many-replaced", "empty-file",
        ].compactMap { tableFixture("\($0).arrow") }
    }
    static let changesGenerated = false
    private let seeds = Self.seeds

    func generate(_ random: inout Randomness) -> [UInt8]? { damaged(seeds, &random) }
    func take(_ input: [UInt8]) throws { try read(ArrowFile(Data(input))) }
    static func isExpected(_ error: any Error) -> Bool { error is ColumnarFileError }
}

/// Data files that are compressed, or say so.
struct CompressedRowsTarget: FuzzTarget {
    static let name = "compressed-rows"
    static let tokens = ["\u{1F}", "(", "/", "\u{0}\u{0}\u{0}\u{0}", "[]"]
    static let seeds = [
        "1f8b08000000000002038bae56cacc2b2e292a4d2ec9cccf53b2524a54d2018a14949600d940667e6909849da454ab83ae361949415e694e4e6d2c0009af47b04f000000",
        "28b52ffd244fdd0100e4025b7b22696e737472756374696f6e223a2261222c22696e707574223a22222c226f757462227d2c636e756c6c7d5d03004419e22944f6a13c01c7e7ba10",
    ].map(bytes)
    static let changesGenerated = false
    private let file = ScratchFile("rows.json.gz")

    func generate(_ random: inout Randomness) -> [UInt8]? { damaged(Self.seeds, &random) }
    func take(_ input: [UInt8]) throws { try readRows(input, file) }
    static func isExpected(_ error: any Error) -> Bool { error is DataError }

    private static func bytes(ofHexadecimal text: String) -> [UInt8] {
        let digits = text.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// A file of Tests/ColumnarFilesTests.
private func tableFixture(_ name: String) -> [UInt8]? {
    let tests = "\(#filePath)".split(separator: "/").dropLast(4).joined(separator: "/")
    return try? [UInt8](Data(contentsOf: URL(filePath: "/\(tests)/ColumnarFilesTests/Fixtures/\(name)")))
}

/// A seed with up to four numbers changed in their places, so that what follows is still found; now and then nothing,
/// for changes of any kind.
private func damaged(_ seeds: [[UInt8]], _ random: inout Randomness) -> [UInt8]? {
    guard !random.oneIn(4), var bytes = random.element(seeds), !bytes.isEmpty else { return nil }
    for _ in 0..<random.below(4) + 1 {
        // What describes the rest lies at the beginning or at the end.
        let hot = min(bytes.count, 600)
        let place =
            switch random.below(3) {
            case 0: random.below(bytes.count)
            case 1: random.below(hot)
            default: bytes.count - 1 - random.below(hot)
            }
        switch random.below(6) {
        case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes[place] = UInt8(random.below(256))
        case 3: bytes[place] = random.oneIn(2) ? 0xFF : 0x7F
        case 4: bytes[place] = 0
        default:
            // A number of four or eight bytes that lies at a multiple of its size.
            let size = random.oneIn(2) ? 4 : 8
            let start = place / size * size
            let fill: UInt8 = random.oneIn(3) ? 0 : 0xFF
            for index in start..<min(start + size, bytes.count) { bytes[index] = fill }
            if fill == 0xFF, random.oneIn(2), start + size <= bytes.count { bytes[start + size - 1] = 0x7F }
        }
    }
    return bytes
}

private func read(_ file: some ColumnarFile) throws {
    for index in file.batchCounts.indices.prefix(4) {
        let batch = try file.batch(index)
        for row in 0..<min(batch.count, 50) { _ = try batch.row(row) }
    }
}

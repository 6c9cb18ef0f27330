import WeightFiles

/// Weight files: a header that lies is refused, and what is accepted lies inside the file.
struct SafetensorsTarget: FuzzTarget {
    static let name = "safetensors"
    static let tokens = [
        "\"dtype\":", "\"shape\":", "\"data_offsets\":", "\"F32\"", "\"BF16\"", "\"I8\"", "[0,4]", "[4,8]",
        "__metadata__",
        "9223372036854775808", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
    ]
    static var seeds: [[UInt8]] {
        let tensors = [
            TensorToWrite(name: "a.weight", type: .float32, shape: [2, 2], bytes: Array(repeating: 1, count: 16)),
            TensorToWrite(name: "b", type: .bfloat16, shape: [3], bytes: [1, 2, 3, 4, 5, 6]),
            TensorToWrite(name: "c", type: .signed8, shape: [], bytes: [7]),
        ]
        return [tensors, [tensors[1]], []].compactMap { try? SafetensorsWriter.bytes($0) }
    }
    private let file = ScratchFile("safetensors")

    /// A header by the grammar with numbers that need not fit, in front of a few bytes.
    func generate(_ random: inout Randomness) throws -> [UInt8]? {
        if random.oneIn(3) { return nil }
        var entries: [String] = []
        var offset = 0
        for index in 0...random.below(4) {
            let type = random.element(["F32", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "X"]) ?? ""
            let shape = (0..<random.below(4)).map { _ in
                random.element(["0", "1", "2", "3", "4294967296", "-1", "9223372036854775807"]) ?? ""
            }
            let length = random.element([0, 1, 2, 4, 8, 12, 16, 1 << 40]) ?? 0
            let begin = random.oneIn(6) ? random.below(32) : offset
            offset = begin &+ length
            let name = random.oneIn(8) ? "t0" : "t\(index)"
            entries.append(
                #""\#(name)":{"dtype":"\#(type)","shape":[\#(shape.joined(separator: ","))],"data_offsets":[\#(begin),\#(offset)]}"#
            )
        }
        let header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
        let length = random.oneIn(10) ? UInt64(truncatingIfNeeded: random.next()) : UInt64(header.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + header
            + [UInt8](repeating: 0, count: min(offset, 64))
    }

    func take(_ input: [UInt8]) throws {
        try file.write(input)
        defer { file.remove() }
        let opened = try SafetensorsFile(path: file.path)
        for record in opened.records where record.byteRange.upperBound > input.count || record.byteRange.lowerBound < 0
        {
            throw BrokenPromise("\(record.name) lies outside the file")
        }
    }

    static func isExpected(_ error: any Error) -> Bool { error is SafetensorsError || error is WeightFileError }
}

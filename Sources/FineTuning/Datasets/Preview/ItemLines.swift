package import JSONDocuments
package import RunConfiguration
import Synchronization
import Tensors

/// Writes items as lines of JSON under the reference's field names.
package struct ItemLines: Sendable {
    package let stage: Stage
    /// What the reference pads packed items with.
    package let paddingID: Int32

    package init(stage: Stage, paddingID: Int32) {
        self.stage = stage
        self.paddingID = paddingID
    }

    /// Items that one task writes.
    private static let blockSize = 32

    /// The lines of `items` in their order, each with a newline.
    package func bytes(of items: ArraySlice<PreparedItem>) -> [UInt8] {
        let count = (items.count + Self.blockSize - 1) / Self.blockSize
        let blocks = Mutex([[UInt8]](repeating: [], count: count))
        ComputePool.shared.run(count) { task in
            let start = items.startIndex + task * Self.blockSize
            var writer = LineWriter()
            for item in items[start..<min(start + Self.blockSize, items.endIndex)] { write(item, to: &writer) }
            let bytes = writer.bytes
            blocks.withLock { $0[task] = bytes }
        }
        return blocks.withLock { $0.flatMap { $0 } }
    }

    private func write(_ item: PreparedItem, to line: inout LineWriter) {
        line.begin()
        switch item {
        case .sequence(let item):
            if let packing = item.packing { write(item, packing, to: &line) } else { write(item, "", to: &line) }
        case .preference(let pair):
            write(pair.chosen, "chosen_", to: &line)
            write(pair.rejected, "rejected_", to: &line)
        case .feedback(let item):
            write(item.target, "", to: &line)
            write(item.mismatched, "kl_", to: &line)
            line.field("kto_tags")
            line.text(item.isDesired ? "true" : "false")
        case .prompt(let item):
            line.list("input_ids", item.inputIDs)
            line.list("attention_mask", repeatElement(1, count: item.inputIDs.count))
            line.list("labels", item.labels)
        }
        line.end()
    }

    /// Pre-training items carry no labels of their own.
    private func write(_ item: TrainingItem, _ prefix: String, to line: inout LineWriter) {
        line.list(prefix + "input_ids", item.inputIDs)
        line.list(prefix + "attention_mask", repeatElement(1, count: item.inputIDs.count))
        if stage != .pt { line.list(prefix + "labels", item.labels) }
    }

    private func write(_ item: TrainingItem, _ packing: TrainingItem.Packing, to line: inout LineWriter) {
        let padding = packing.padding
        line.list("input_ids", item.inputIDs + repeatElement(paddingID, count: padding))
        if packing.isSeparated { write(boundariesOf: packing, to: &line) }
        // Without separation the reference lets even padding be attended to.
        let marks = packing.lengths.enumerated().flatMap { number, length in
            repeatElement(packing.isSeparated ? Int32(number + 1) : 1, count: length)
        }
        line.list("attention_mask", marks + repeatElement(packing.isSeparated ? 0 : 1, count: padding))
        line.list(
            "position_ids", packing.lengths.flatMap { 0..<Int32($0) } + repeatElement(0, count: padding))
        line.list("labels", item.labels + repeatElement(ignoredLabel, count: padding))
    }

    private func write(boundariesOf packing: TrainingItem.Packing, to line: inout LineWriter) {
        var boundaries: [Int] = [0]
        for length in packing.lengths + [packing.padding] { boundaries.append((boundaries.last ?? 0) + length) }
        line.field("packing_params")
        line.begin()
        line.list("sequence_boundaries", boundaries)
        // The reference's mark for an item without pictures and sounds.
        for kind in ["image", "video", "audio"] { line.list("\(kind)_subseq_ids", [1 << 32]) }
        line.list("right_padding_length", [packing.padding], isList: false)
        line.endObject()
    }
}

extension PreparedItem {
    /// The item under the reference's field names.
    package func preview(stage: Stage, paddingID: Int32 = 0) -> JSONValue {
        let line = ItemLines(stage: stage, paddingID: paddingID).bytes(of: [self])
        return (try? JSONValue(parsing: Array(line.dropLast()))) ?? .null
    }
}

/// Puts JSON together without values between: lists of ids are most of what is written.
private struct LineWriter {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    mutating func text(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func begin() {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
    }

    mutating func endObject() { bytes.append(UInt8(ascii: "}")) }

    mutating func end() {
        endObject()
        bytes.append(UInt8(ascii: "\n"))
    }

    /// - Parameter name: needs no escaping
    mutating func field(_ name: String) {
        if !isFirst { text(", ") }
        isFirst = false
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.utf8)
        text("\": ")
    }

    mutating func list(_ name: String, _ numbers: some Collection<some BinaryInteger>, isList: Bool = true) {
        field(name)
        if isList { bytes.append(UInt8(ascii: "[")) }
        bytes.reserveCapacity(bytes.count + 6 * numbers.count)
        var isFirst = true
        for number in numbers {
            if !isFirst {
                bytes.append(UInt8(ascii: ","))
                bytes.append(UInt8(ascii: " "))
            }
            isFirst = false
            append(Int64(truncatingIfNeeded: number))
        }
        if isList { bytes.append(UInt8(ascii: "]")) }
    }

    private mutating func append(_ number: Int64) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        if rest < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest))
            return
        }
        var divisor: UInt64 = 10
        while rest / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }
}

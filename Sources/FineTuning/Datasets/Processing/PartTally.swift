import Tensors

/// A tokenized row with what the report wants to know of it.
struct MeasuredRow: Sendable {
    let row: EncodedRow
    /// Tokens of its longest sequence.
    let length: Int
    /// Equal for rows of equal tokens and labels.
    let fingerprint: UInt64

    init(_ row: EncodedRow) {
        self.row = row
        var hash = Fingerprint()
        var length = 0
        switch row {
        case .item(let item, _):
            for (ids, labels) in item.sequences {
                length = max(length, ids.count)
                hash.add(ids)
                hash.add(labels)
            }
        case .document(let ids):
            length = ids.count
            hash.add(ids)
        case .dropped: break
        }
        self.length = length
        fingerprint = hash.value
    }
}

/// A 64-bit hash that takes two ids a step; equal sequences have equal values on every machine.
private struct Fingerprint {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ ids: [Int32]) {
        mix(UInt64(ids.count))
        for id in ids { mix(UInt64(UInt32(bitPattern: id))) }
    }

    @inline(__always)
    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }
}

/// Gathers what the report says of a part's rows.
struct PartTally<Rows: EncodableRows> {
    let places: Rows
    /// The first row with each fingerprint, as its position in the part.
    private var first: [UInt64: Int32] = [:]

    init(places: Rows) {
        self.places = places
    }

    mutating func add(_ row: MeasuredRow, at index: Int, to part: inout DataReport.Part) {
        switch row.row {
        case .dropped(let dropped):
            part.add(dropped, at: places.place(index))
            return
        case .document: break
        case .item(_, let truncation): part.add(truncation)
        }
        part.lengths[row.length, default: 0] += 1
        guard let earlier = first[row.fingerprint] else {
            first[row.fingerprint] = Int32(truncatingIfNeeded: index)
            return
        }
        // Interleaving may take one row several times; that is no fault of the data.
        guard !places.isSameRow(Int(earlier), index) else { return }
        part.duplicates += 1
        if part.firstDuplicate == nil {
            part.firstDuplicate = .init(place: places.place(index), earlier: places.place(Int(earlier)))
        }
    }
}

extension PreparedItem {
    /// The token sequences of the item with their labels.
    var sequences: [(ids: [Int32], labels: [Int32])] {
        switch self {
        case .sequence(let item): [(item.inputIDs, item.labels)]
        case .preference(let pair):
            [(pair.chosen.inputIDs, pair.chosen.labels), (pair.rejected.inputIDs, pair.rejected.labels)]
        case .feedback(let item): [(item.target.inputIDs, item.target.labels)]
        case .prompt(let item): [(item.inputIDs, item.labels)]
        }
    }
}

extension DataReport.Part {
    mutating func count(_ item: PreparedItem) {
        var labelled = 0
        for (ids, labels) in item.sequences {
            tokens += ids.count
            for label in labels where label != ignoredLabel { labelled += 1 }
        }
        // A prompt's labels are another sequence, none of whose tokens is among those counted.
        if case .prompt = item { return }
        labelledTokens += labelled
        if labelled == 0 { itemsWithoutLabels += 1 }
    }

    mutating func add(_ row: DroppedRow, at place: RowPlace) {
        if let index = drops.firstIndex(where: { $0.reason == row.reason }) {
            drops[index].count += 1
        } else {
            drops.append(.init(reason: row.reason, count: 1, firstPlace: place, firstDetail: row.detail))
        }
    }

    mutating func add(_ truncation: Truncation) {
        guard !truncation.isEmpty else { return }
        truncatedItems += 1
        lostPromptTokens += truncation.sourceTokens
        lostResponseTokens += truncation.targetTokens
        lostTurns += truncation.turns
    }
}

import LinuxSystem

/// The items of one part as a file of 32-bit little-endian numbers.
///
/// For each item its kind, then its sequences; for each sequence the number of tokens, of padding and of examples
/// (0 where it is one, negative where they see each other), with examples their lengths and the reference's padding,
/// then the ids and the labels.
enum SavedItems {
    private enum Kind: Int32 {
        case sequence = 1
        case preference = 2
        case desired = 3
        case undesired = 4
        case prompt = 5
    }

    // MARK: Writing

    static func append(_ item: PreparedItem, to numbers: inout [Int32]) {
        switch item {
        case .sequence(let sequence):
            numbers.append(Kind.sequence.rawValue)
            append(sequence, to: &numbers)
        case .preference(let pair):
            numbers.append(Kind.preference.rawValue)
            append(pair.chosen, to: &numbers)
            append(pair.rejected, to: &numbers)
        case .feedback(let feedback):
            numbers.append((feedback.isDesired ? Kind.desired : .undesired).rawValue)
            append(feedback.target, to: &numbers)
            append(feedback.mismatched, to: &numbers)
        case .prompt(let prompt):
            numbers.append(Kind.prompt.rawValue)
            numbers.append(Int32(prompt.inputIDs.count))
            numbers.append(Int32(prompt.labels.count))
            numbers += prompt.inputIDs
            numbers += prompt.labels
        }
    }

    private static func append(_ sequence: TrainingItem, to numbers: inout [Int32]) {
        numbers.append(Int32(sequence.inputIDs.count))
        numbers.append(Int32(sequence.padding))
        if let packing = sequence.packing {
            numbers.append(Int32(packing.isSeparated ? packing.lengths.count : -packing.lengths.count))
            numbers += packing.lengths.map(Int32.init)
            numbers.append(Int32(packing.padding))
        } else {
            numbers.append(0)
        }
        numbers += sequence.inputIDs
        numbers += sequence.labels
    }

    // MARK: Reading

    /// Reads a whole file.
    ///
    /// - Throws: `Damage` where the numbers make no items.
    static func items(of file: MappedFile, count: Int) throws(Damage) -> [PreparedItem] {
        guard file.count % MemoryLayout<Int32>.size == 0 else { throw Damage(problem: "it ends inside a number") }
        var reader = Reader(numbers: unsafe file.bytes.bindMemory(to: Int32.self))
        var items: [PreparedItem] = []
        // An item has four numbers at least; a count beyond that is found out at the end of the file.
        items.reserveCapacity(min(count, file.count / 16))
        for _ in 0..<count { items.append(try reader.item()) }
        guard reader.isAtEnd else { throw Damage(problem: "it goes on behind its last item") }
        return items
    }

    struct Damage: Error { var problem: String }

    private struct Reader {
        let numbers: UnsafeBufferPointer<Int32>
        var position = 0

        init(numbers: UnsafeBufferPointer<Int32>) { unsafe self.numbers = unsafe numbers }

        var isAtEnd: Bool { unsafe position == numbers.count }

        mutating func item() throws(Damage) -> PreparedItem {
            switch Kind(rawValue: try number()) {
            case .sequence: return .sequence(try sequence())
            case .preference: return .preference(PreferencePair(chosen: try sequence(), rejected: try sequence()))
            case .desired: return .feedback(try feedback(isDesired: true))
            case .undesired: return .feedback(try feedback(isDesired: false))
            case .prompt:
                let (inputs, labels) = (try length(), try length())
                return .prompt(PromptItem(inputIDs: try list(inputs), labels: try list(labels)))
            case nil: throw Damage(problem: "it holds an item of no known kind")
            }
        }

        private mutating func feedback(isDesired: Bool) throws(Damage) -> FeedbackItem {
            FeedbackItem(target: try sequence(), mismatched: try sequence(), isDesired: isDesired)
        }

        private mutating func sequence() throws(Damage) -> TrainingItem {
            let count = try length()
            let padding = try length()
            let examples = try number()
            guard padding <= count, examples > .min else {
                throw Damage(problem: "an item's padding is longer than it")
            }
            var packing: TrainingItem.Packing?
            if examples != 0 {
                let lengths = try list(Int(abs(examples))).map { Int($0) }
                let extra = try length()
                guard lengths.allSatisfy({ $0 > 0 }), lengths.reduce(0, +) == count else {
                    throw Damage(problem: "an item's examples are not as long as it")
                }
                packing = .init(lengths: lengths, isSeparated: examples > 0, padding: extra)
            }
            return TrainingItem(
                inputIDs: try list(count), labels: try list(count), packing: packing, padding: padding)
        }

        private mutating func length() throws(Damage) -> Int {
            let value = try number()
            guard value >= 0 else { throw Damage(problem: "it holds a negative length") }
            return Int(value)
        }

        private mutating func number() throws(Damage) -> Int32 {
            guard unsafe position < numbers.count else { throw Damage(problem: "it ends inside an item") }
            position += 1
            return unsafe Int32(littleEndian: numbers[position - 1])
        }

        private mutating func list(_ count: Int) throws(Damage) -> [Int32] {
            guard unsafe count <= numbers.count - position else { throw Damage(problem: "it ends inside an item") }
            position += count
            return unsafe numbers[(position - count)..<position].map { Int32(littleEndian: $0) }
        }
    }
}

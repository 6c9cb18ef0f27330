package import ChatTemplates
import JSONDocuments
import RunConfiguration
package import Tokenization

/// Items that come one after the other, epoch by epoch.
package protocol ItemStream: AnyObject {
    var position: DataStream.Position { get }
    /// Begins an epoch, counted from 0.
    func begin(epoch: Int) throws
    /// Goes to where a run stopped.
    func seek(_ target: DataStream.Position) throws
    /// Whether the epoch has no more items.
    func isAtEnd() throws -> Bool
    /// The next item; nil at the end of the epoch.
    func next() throws -> PreparedItem?
}

/// Prepared data that was kept (`tokenized_path`) as a stream: in its own order, every epoch anew, as the reference
/// streams it.
package final class KeptItemStream: ItemStream {
    private let items: [PreparedItem]
    package private(set) var position = DataStream.Position()

    /// - Parameter items: at least one
    package init(_ items: [PreparedItem]) { self.items = items }

    package func begin(epoch: Int) { position = DataStream.Position(epoch: epoch) }
    package func seek(_ target: DataStream.Position) { position = target }
    package func isAtEnd() -> Bool { position.items >= items.count }

    package func next() -> PreparedItem? {
        guard !isAtEnd() else { return nil }
        position.items += 1
        return items[position.items - 1]
    }
}

/// A run's data as a stream: rows are read, shuffled in a buffer and tokenized while training goes on, so that memory
/// does not grow with the data (`streaming`, `buffer_size`).
///
/// Order and epochs are those of `datasets` 4.0 with one shard. Groups of `preprocessing_batch_size` rows are
/// tokenized together on all compute threads; packing stays within them.
package final class DataStream: ItemStream {
    /// Where in the stream a run is: enough to go on with exactly the next item.
    package struct Position: Codable, Hashable, Sendable {
        package var epoch = 0
        /// Rows of the epoch before the group at hand.
        package var rows = 0
        /// Items taken from the group at hand.
        package var items = 0

        package init(epoch: Int = 0) { self.epoch = epoch }
    }

    package private(set) var position = Position()
    /// What was found so far, over all epochs.
    package private(set) var part = DataReport.Part(name: "training")
    /// The evaluations, prepared whole.
    package let evaluations: [PreparedData.Evaluation]
    package let evaluationParts: [DataReport.Part]
    /// What people should know before training begins.
    package private(set) var notes: [String] = []

    private let encoder: PartEncoder
    private let datasets: [DatasetStream]
    private let order: StreamOrder<DatasetStream>
    /// Rows at the beginning of each epoch that the training part passes over.
    private let skipped: Int
    /// The group at hand.
    private var items: [PreparedItem] = []
    private var groupRows = 0
    private var itemsOfEpoch = 0

    /// - Parameter template: already fixed to `tokenizer`.
    /// - Throws: `DataError` and `ChatTemplateError` with what is wrong, where, and what to do.
    package init(_ options: DataOptions, tokenizer: Tokenizer, template: ChatTemplate) throws {
        guard !options.datasets.isEmpty else { throw DataError.noDatasets }
        if options.trainsOnPrompt, template.efficientEndOfSequence {
            throw ChatTemplateError.promptTrainingNotPossible(template: template.name)
        }
        var options = options
        // One reader takes the rows.
        options.shardCount = nil
        let encoder = PartEncoder(options: options, tokenizer: tokenizer, template: template)
        let catalog = try DatasetCatalog(
            folder: options.folder, batches: BatchCache(limit: Self.mostBatchBytes), hubs: options.hubs)
        self.encoder = encoder
        datasets = try Self.unique(options.datasets).map { try DatasetStream($0, of: catalog, options: options) }
        order = StreamOrder(datasets, try Self.settings(options, sources: datasets.count))
        skipped = options.evaluationDatasets.isEmpty ? try options.validation.streamedRows() : 0
        (evaluations, evaluationParts) = try Self.evaluations(
            options, encoder, catalog, training: order, validationRows: skipped)
        notes = catalog.warnings
        notes += datasets.compactMap { dataset in
            dataset.description.sampleCount.map {
                "dataset \(dataset.description.name): `num_samples: \($0)` does not reach a stream; every row is taken"
            }
        }
        if skipped > 0 {
            notes.append(
                "each epoch passes over the first \(skipped) rows of its own order (`val_size`), so from the second "
                    + "epoch on the evaluation's rows are trained on, as in the reference; a stream of one epoch or "
                    + "an `eval_dataset` avoids that")
        }
        try begin(epoch: 0)
    }

    /// Decoded batches of columnar files that are kept.
    private static let mostBatchBytes = 256 << 20

    private static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    private static func settings(_ options: DataOptions, sources: Int) throws -> StreamOrder<DatasetStream>.Settings {
        if let probabilities = options.mixProbabilities, sources > 1 {
            guard probabilities.count == sources else {
                throw DataError.badProbabilities(
                    reason: "there must be one number for each dataset: \(probabilities.count) numbers, "
                        + "\(sources) datasets (one named twice is loaded once)")
            }
            guard RunConfiguration.addUpToOne(probabilities) else {
                throw DataError.badProbabilities(
                    reason: "the numbers must not be negative and add up to 1, not \(probabilities.reduce(0, +))")
            }
            if let none = probabilities.firstIndex(of: 0),
                options.mixStrategy == .interleaveOver || options.mixStrategy == .interleaveOnce
            {
                throw DataError.badProbabilities(
                    reason: "dataset \(none + 1) is never drawn, and `mix_strategy: \(options.mixStrategy.rawValue)` "
                        + "waits until it is used up")
            }
        }
        return .init(
            strategy: options.mixStrategy, probabilities: options.mixProbabilities, bufferSize: options.bufferSize,
            seed: options.seed)
    }

    private static func evaluations(
        _ options: DataOptions, _ encoder: PartEncoder, _ catalog: DatasetCatalog,
        training: StreamOrder<DatasetStream>, validationRows: Int
    ) throws -> ([PreparedData.Evaluation], [DataReport.Part]) {
        var found: [(name: String?, rows: StreamedGroup)] = []
        if !options.evaluationDatasets.isEmpty {
            let streams = try unique(options.evaluationDatasets).map {
                try DatasetStream($0, of: catalog, options: options)
            }
            if options.evaluatesEachDataset {
                for stream in streams {
                    var rows: [StreamedRow] = []
                    while let row = try stream.next() { rows.append(row) }
                    found.append((stream.description.name, StreamedGroup(rows: rows)))
                }
            } else {
                let order = StreamOrder(streams, try settings(options, sources: streams.count))
                try order.begin(epoch: 0)
                found.append((nil, StreamedGroup(rows: try take(.max, of: order))))
            }
        } else if validationRows > 0 {
            try training.begin(epoch: 0)
            let rows = try take(validationRows, of: training)
            guard rows.count == validationRows, try training.next() != nil else {
                throw DataError.badValidationSize(
                    reason: "\(validationRows) rows for evaluation leave nothing to train on: the stream has no more")
            }
            found.append((nil, StreamedGroup(rows: rows)))
        }
        var (evaluations, parts): ([PreparedData.Evaluation], [DataReport.Part]) = ([], [])
        for (name, rows) in found {
            let title = name.map { "evaluation (\($0))" } ?? "evaluation"
            let result = try encoder.encode(rows, as: title, isEvaluation: true)
            evaluations.append(.init(name: name, items: result.items))
            parts.append(result.part)
        }
        return (evaluations, parts)
    }

    private static func take(_ count: Int, of order: StreamOrder<DatasetStream>) throws -> [StreamedRow] {
        var rows: [StreamedRow] = []
        while rows.count < count, let row = try order.next() { rows.append(row) }
        return rows
    }

    /// Tells two streams apart in a checkpoint's conditions: the names and sizes of all files.
    package var identity: String { "stream " + datasets.map(\.identity).joined(separator: " ") }

    /// Items of a stream that previews and plans look at.
    package static let mostShown = 20_000

    /// The first items as a run's prepared data.
    func beginning(of count: Int, progress: (Int, Int) throws -> Void) throws -> PreparedData {
        var data = PreparedData()
        let count = min(count, Self.mostShown)
        while data.training.count < count, let item = try next() {
            data.training.append(item)
            if data.training.count % 1000 == 0 { try progress(data.training.count, count) }
        }
        data.evaluations = evaluations
        data.report.training = part
        data.report.evaluations = evaluationParts
        data.report.notes = notes + ["the data is a stream: these are its first \(data.training.count) items"]
        return data
    }

    // MARK: Taking items

    /// Begins an epoch, counted from 0.
    package func begin(epoch: Int) throws {
        try order.begin(epoch: epoch)
        for _ in 0..<skipped { _ = try order.next() }
        position = Position(epoch: epoch)
        (items, groupRows, itemsOfEpoch) = ([], 0, 0)
    }

    /// Goes to where a run stopped; the rows before are passed over unread.
    package func seek(_ target: Position) throws {
        try begin(epoch: target.epoch)
        var passed = 0
        while passed < target.rows, try order.next() != nil {
            passed += 1
            if passed % encoder.options.groupSize == 0 { forget() }
        }
        position.rows = passed
        try nextGroup()
        position.items = min(target.items, items.count)
        itemsOfEpoch = 1
    }

    /// Whether the epoch has no more items.
    ///
    /// - Throws: `DataError.noItems` for an epoch that had none at all.
    package func isAtEnd() throws -> Bool {
        while position.items >= items.count {
            if try !nextGroup() {
                guard itemsOfEpoch > 0 else {
                    throw DataError.noItems(
                        split: "training", rows: part.rows, reasons: part.drops.map(\.description))
                }
                return true
            }
        }
        return false
    }

    /// The next item; nil at the end of the epoch.
    package func next() throws -> PreparedItem? {
        guard try !isAtEnd() else { return nil }
        position.items += 1
        itemsOfEpoch += 1
        return items[position.items - 1]
    }

    /// Tokenizes the next rows; false behind the last ones.
    @discardableResult
    private func nextGroup() throws -> Bool {
        let rows = try Self.take(encoder.options.groupSize, of: order)
        guard !rows.isEmpty else { return false }
        let result = try encoder.encode(StreamedGroup(rows: rows), as: part.name, mayBeEmpty: true)
        position.rows += groupRows
        position.items = 0
        (items, groupRows) = (result.items, rows.count)
        part.merge(result.part)
        forget()
        return true
    }

    private func forget() { for dataset in datasets { dataset.forget() } }
}

/// Rows of a stream that are tokenized together.
private struct StreamedGroup: EncodableRows {
    let rows: [StreamedRow]

    var count: Int { rows.count }

    func place(_ index: Int) -> RowPlace { rows[index].file.place(of: rows[index].row) }

    func converted(_ index: Int) throws -> Conversion {
        try rows[index].dataset.converter.convert(try rows[index].file.row(rows[index].row))
    }

    func missingResponse(_ index: Int) -> String { rows[index].dataset.converter.missingResponse }

    func isSameRow(_ first: Int, _ second: Int) -> Bool {
        rows[first].file === rows[second].file && rows[first].row.bytes == rows[second].row.bytes
    }
}

extension RowShare {
    /// Rows at the beginning of a stream.
    fileprivate func streamedRows() throws -> Int {
        switch self {
        case .count(let count): return count
        case .fraction(let share) where share > 1: return Int(min(share, Double(Int32.max)))
        case .fraction(let share) where share <= 1e-6: return 0
        case .fraction:
            throw DataError.badValidationSize(reason: "a stream's length is unknown; give a number of rows")
        }
    }
}

extension DataReport.Part {
    /// Adds what was found in later rows.
    mutating func merge(_ other: Self) {
        rows += other.rows
        items += other.items
        tokens += other.tokens
        labelledTokens += other.labelledTokens
        truncatedItems += other.truncatedItems
        lostPromptTokens += other.lostPromptTokens
        lostResponseTokens += other.lostResponseTokens
        lostTurns += other.lostTurns
        itemsWithoutLabels += other.itemsWithoutLabels
        leftoverTokens += other.leftoverTokens
        duplicates += other.duplicates
        firstDuplicate = firstDuplicate ?? other.firstDuplicate
        lengths.merge(other.lengths) { $0 + $1 }
        if let more = other.packedExamples { packedExamples = (packedExamples ?? 0) + more }
        if let more = other.desiredItems { desiredItems = (desiredItems ?? 0) + more }
        for drop in other.drops {
            if let index = drops.firstIndex(where: { $0.reason == drop.reason }) {
                drops[index].count += drop.count
            } else {
                drops.append(drop)
            }
        }
    }
}

import RunConfiguration

/// The rows of several datasets in the order in which they are taken.
struct MixedRows: Sendable {
    private(set) var tables: [RowTable] = []
    private(set) var converters: [RowConverter] = []
    private(set) var sources: [DataReport.Source] = []
    private(set) var order: [RowReference] = []

    init(
        _ names: [String], of catalog: DatasetCatalog, options: DataOptions, sampler: inout MersenneTwister
    ) throws {
        let names = Self.withoutRepetitions(names)
        var rows: [[Int]] = []
        for name in names {
            let description = try catalog.description(of: name)
            let comparesAnswers = options.stage == .rm || options.stage == .dpo
            guard description.ranking == comparesAnswers else {
                throw DataError.wrongStage(dataset: name, ranking: description.ranking, stage: options.stage)
            }
            let table = try RowTable(files: try catalog.files(of: description), batches: catalog.batches)
            let converter = RowConverter(description: description)
            try ColumnCheck(converter: converter, table: table).run()
            let taken = try Self.rows(of: table, description: description, options: options, sampler: &sampler)
            tables.append(table)
            converters.append(converter)
            rows.append(taken)
            sources.append(
                DataReport.Source(
                    name: name, rows: table.count, taken: taken.count, unknownFields: description.unknownFields))
        }
        if let probabilities = options.mixProbabilities, names.count > 1 {
            try Self.check(probabilities, counts: rows.map(\.count), strategy: options.mixStrategy)
        }
        let mixed = options.mixStrategy.mixed(
            counts: rows.map(\.count), probabilities: options.mixProbabilities, seed: options.seed)
        order = mixed.map { RowReference(dataset: $0.dataset, row: rows[$0.dataset][$0.row]) }
    }

    /// The training and the evaluation part.
    func split(_ share: RowShare, seed: UInt64) throws -> (train: MixedRows, evaluation: MixedRows) {
        let parts = try share.split(order.count, seed: seed)
        var train = self
        var evaluation = self
        train.order = parts.train.map { order[$0] }
        evaluation.order = parts.evaluation.map { order[$0] }
        return (train, evaluation)
    }

    /// Each dataset apart, in the order in which they were named.
    var datasets: [(name: String, rows: MixedRows)] {
        sources.enumerated().map { number, source in
            var rows = self
            rows.order = order.filter { $0.dataset == number }
            return (source.name, rows)
        }
    }

    /// A name given twice is loaded once.
    private static func withoutRepetitions(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    /// The most rows that mixing may make, far above what can be trained on.
    private static let mostRows = 1e9

    private static func check(_ probabilities: [Double], counts: [Int], strategy: MixStrategy) throws {
        guard probabilities.count == counts.count else {
            throw DataError.badProbabilities(
                reason: "there must be one number for each dataset: \(probabilities.count) numbers, "
                    + "\(counts.count) datasets (one named twice is loaded once)")
        }
        guard RunConfiguration.addUpToOne(probabilities) else {
            throw DataError.badProbabilities(
                reason: "the numbers must not be negative and add up to 1, not \(probabilities.reduce(0, +))")
        }
        guard strategy == .interleaveOver || strategy == .interleaveOnce else { return }
        for (probability, count) in zip(probabilities, counts) where Double(count) > probability * mostRows {
            throw DataError.badProbabilities(
                reason: "a dataset of \(count) rows that is drawn with probability \(probability) is not used up "
                    + "within \(Int(mostRows)) rows, and `mix_strategy: \(strategy.rawValue)` waits for that")
        }
    }

    /// The rows that `split`, `num_samples` and `max_samples` leave, in this order of application.
    private static func rows(
        of table: RowTable, description: DatasetDescription, options: DataOptions, sampler: inout MersenneTwister
    ) throws -> [Int] {
        let range = try description.splitExpression().range(of: table.count)
        guard !range.isEmpty else {
            throw DataError.emptySelection(
                dataset: description.name,
                reason: "the split `\(description.split)` takes none of its \(table.count) rows")
        }
        var rows = Array(range)
        if let count = description.sampleCount {
            var drawn = Array(sampler.legacyPermutation(rows.count).prefix(count))
            while drawn.count < count { drawn.append(sampler.next(through: rows.count - 1)) }
            rows = drawn.map { rows[$0] }
        }
        if let maximum = options.maximumRows { rows = Array(rows.prefix(maximum)) }
        guard !rows.isEmpty else {
            throw DataError.emptySelection(
                dataset: description.name, reason: "`max_samples: \(options.maximumRows ?? 0)` keeps none")
        }
        return rows
    }
}

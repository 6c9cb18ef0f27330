import ChatTemplates
import RunConfiguration
import Synchronization
import Tensors
import Tokenization

/// Tokenizes the training or an evaluation part: rows on all compute threads, groups of rows one after the other.
struct PartEncoder: Sendable {
    let options: DataOptions
    let tokenizer: Tokenizer
    let template: ChatTemplate

    typealias Result = (items: [PreparedItem], part: DataReport.Part)

    /// Rows that one task takes, and tasks between two looks at whether to go on.
    private static let blockSize = 32
    private static let window = 256

    /// - Parameter mayBeEmpty: whether rows of which nothing is left are no error
    func encode(
        _ rows: some EncodableRows, as name: String, isEvaluation: Bool = false, mayBeEmpty: Bool = false,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> Result {
        let processor = processor(isEvaluation: isEvaluation)
        var result: Result = ([], DataReport.Part(name: name))
        var tally = PartTally(places: rows)
        var waiting: [EncodedRow] = []
        let blocks = RowGroups.ranges(of: rows.count, shards: options.shardCount, size: options.groupSize)
            .flatMap { group in
                stride(from: group.lowerBound, to: group.upperBound, by: Self.blockSize).map {
                    Block(rows: $0..<min($0 + Self.blockSize, group.upperBound), group: group)
                }
            }
        for start in stride(from: 0, to: blocks.count, by: Self.window) {
            let taken = blocks[start..<min(start + Self.window, blocks.count)]
            for (block, encoded) in zip(taken, encode(taken, of: rows, by: processor)) {
                for (offset, row) in try encoded.get().enumerated() {
                    tally.add(row, at: block.rows.lowerBound + offset, to: &result.part)
                    waiting.append(row.row)
                }
                if block.rows.upperBound == block.group.upperBound {
                    result.items += processor.items(of: waiting, part: &result.part)
                    waiting.removeAll(keepingCapacity: true)
                }
            }
            try progress(taken.last?.rows.upperBound ?? 0)
        }
        result.part.rows = rows.count
        result.part.items = result.items.count
        for item in result.items { result.part.count(item) }
        if result.items.isEmpty, !mayBeEmpty { throw failure(of: result.part) }
        return result
    }

    private func processor(isEvaluation: Bool) -> any RowProcessor {
        let oneTurn = OneTurnEncoder(template: template, tokenizer: tokenizer, cutoff: options.cutoff)
        switch options.stage {
        case .pt:
            return PretrainingProcessor(
                tokenizer: tokenizer,
                endOfDocument: options.templateName == "llama3" ? "<|end_of_text|>" : tokenizer.eosToken ?? "",
                cutoff: options.cutoff, packs: options.packs, beginsItems: tokenizer.configuration.addsBOS,
                paddingID: tokenizer.padTokenID)
        case .sft where isEvaluation && options.generatesAtEvaluation, .ppo:
            return UnsupervisedProcessor(encoder: oneTurn)
        case .sft:
            let single = SupervisedProcessor(
                template: template, tokenizer: tokenizer, cutoff: options.cutoff,
                trainsOnPrompt: options.trainsOnPrompt, masksHistory: options.masksHistory)
            return options.packs ? PackedProcessor(single: single, separates: options.separatesPacked) : single
        case .rm, .dpo: return PairwiseProcessor(encoder: oneTurn)
        case .kto: return FeedbackProcessor(encoder: oneTurn)
        }
    }

    private func failure(of part: DataReport.Part) -> DataError {
        options.stage == .pt && part.drops.isEmpty
            ? .tooLittleText(split: part.name, tokens: part.leftoverTokens, block: options.cutoff)
            : .noItems(split: part.name, rows: part.rows, reasons: part.drops.map(\.description))
    }
}

// MARK: - Rows

/// Rows that one task takes, and the group that they belong to.
private struct Block: Sendable {
    let rows: Range<Int>
    let group: Range<Int>
}

extension PartEncoder {
    private func encode(
        _ blocks: ArraySlice<Block>, of rows: some EncodableRows, by processor: any RowProcessor
    ) -> [Swift.Result<[MeasuredRow], any Error>] {
        let results = Mutex([Swift.Result<[MeasuredRow], any Error>](repeating: .success([]), count: blocks.count))
        ComputePool.shared.run(blocks.count) { task in
            let block = blocks[blocks.startIndex + task]
            let result = Swift.Result { () throws -> [MeasuredRow] in
                try block.rows.map { index in
                    MeasuredRow(try encode(index, group: block.group, of: rows, by: processor))
                }
            }
            results.withLock { $0[task] = result }
        }
        return results.withLock { $0 }
    }

    /// Problems get the row's place.
    private func encode(
        _ index: Int, group: Range<Int>, of rows: some EncodableRows, by processor: any RowProcessor
    ) throws -> EncodedRow {
        do {
            switch try rows.converted(index) {
            case .dropped(let row): return try processor.dropped(row)
            case .example(let example):
                let encoded = try processor.encode(example) {
                    try rows.converted((index == group.lowerBound ? group.upperBound : index) - 1)
                }
                guard case .dropped(var row) = encoded, row.reason == .noResponse else { return encoded }
                row.detail = rows.missingResponse(index)
                return .dropped(row)
            }
        } catch let problem as RowProblem {
            throw DataError.badRow(place: rows.place(index), reason: problem.reason)
        } catch let error as ChatTemplateError {
            throw DataError.badRow(place: rows.place(index), reason: error.description)
        }
    }
}

/// Rows that can be encoded, in an order of their own.
protocol EncodableRows: Sendable {
    var count: Int { get }
    func place(_ index: Int) -> RowPlace
    func converted(_ index: Int) throws -> Conversion
    /// Why a row has no answer.
    func missingResponse(_ index: Int) -> String
    /// Whether two positions hold one and the same row of the data.
    func isSameRow(_ first: Int, _ second: Int) -> Bool
}

extension RowConverter {
    var missingResponse: String {
        guard let column = columns.response else {
            return "`columns` in dataset_info.json names no column for `response`"
        }
        return "the column `\(column)` is null or absent"
    }
}

extension MixedRows: EncodableRows {
    var count: Int { order.count }

    func place(_ index: Int) -> RowPlace {
        tables[order[index].dataset].place(of: order[index].row)
    }

    func converted(_ index: Int) throws -> Conversion {
        let reference = order[index]
        return try converters[reference.dataset].convert(try tables[reference.dataset].row(reference.row))
    }

    func missingResponse(_ index: Int) -> String { converters[order[index].dataset].missingResponse }

    func isSameRow(_ first: Int, _ second: Int) -> Bool { order[first] == order[second] }
}

import ChatTemplates
import RunConfiguration
import Tokenization

/// Tokenizes the training or the evaluation part.
struct PartEncoder: Sendable {
    let options: DataOptions
    let tokenizer: Tokenizer
    let template: ChatTemplate

    typealias Result = (items: [TrainingItem], part: DataReport.Part)

    func encode(_ rows: MixedRows, as name: String, progress: (Int) throws -> Void) throws -> Result {
        var result: Result = ([], DataReport.Part(name: name))
        for group in RowGroups.ranges(of: rows.order.count, shards: options.shardCount, size: options.groupSize) {
            if options.stage == .pt {
                try encodeDocuments(rows, group, into: &result)
            } else {
                try encodeDialogs(rows, group, into: &result)
            }
            try progress(group.upperBound)
        }
        result.part.rows = rows.order.count
        result.part.items = result.items.count
        for item in result.items {
            result.part.tokens += item.inputIDs.count
            let labelled = item.labelledCount
            result.part.labelledTokens += labelled
            if labelled == 0 { result.part.itemsWithoutLabels += 1 }
        }
        guard let first = result.items.first else { throw failure(of: result.part) }
        result.part.preview = try ItemPreview(tokenizer: tokenizer, stage: options.stage).text(of: first)
        return result
    }

    // MARK: - Rows

    /// Converts a row and hands on what came of it; problems get the row's place.
    private func visit<Value>(
        _ reference: RowReference, of rows: MixedRows, _ body: (Conversion, RowPlace) throws -> Value
    ) throws -> Value {
        let table = rows.tables[reference.dataset]
        let place = table.place(of: reference.row)
        do {
            return try body(rows.converters[reference.dataset].convert(try table.row(reference.row)), place)
        } catch let problem as RowProblem {
            throw DataError.badRow(place: place, reason: problem.reason)
        } catch let error as ChatTemplateError {
            throw DataError.badRow(place: place, reason: error.description)
        }
    }

    private func encodeDialogs(_ rows: MixedRows, _ group: Range<Int>, into result: inout Result) throws {
        let processor = SupervisedProcessor(
            template: template, tokenizer: tokenizer, cutoff: options.cutoff, trainsOnPrompt: options.trainsOnPrompt,
            masksHistory: options.masksHistory)
        for reference in rows.order[group] {
            try visit(reference, of: rows) { conversion, place in
                switch conversion {
                case .dropped(let row): result.part.add(row, at: place)
                case .example(let example) where example.responses.isEmpty:
                    result.part.add(
                        DroppedRow(reason: .noResponse, detail: missingResponse(reference, rows)), at: place)
                case .example(let example) where example.responses.count > 1:
                    result.part.add(
                        DroppedRow(reason: .twoResponses, detail: "the stage `kto` trains on such rows"), at: place)
                case .example(let example):
                    let (item, truncation) = try processor.encode(example)
                    result.items.append(item)
                    result.part.add(truncation)
                }
            }
        }
    }

    private func encodeDocuments(_ rows: MixedRows, _ group: Range<Int>, into result: inout Result) throws {
        let processor = PretrainingProcessor(
            tokenizer: tokenizer,
            endOfDocument: options.templateName == "llama3"
                ? "<|end_of_text|>" : tokenizer.eosToken ?? "",
            cutoff: options.cutoff, packs: options.packs, beginsItems: tokenizer.configuration.addsBOS,
            paddingID: tokenizer.padTokenID)
        let documents = try rows.order[group].map { reference in
            try visit(reference, of: rows) { conversion, _ in
                switch conversion {
                case .example(let example):
                    guard let first = example.prompt.first else { throw RowProblem("the row has no text") }
                    return first.content
                case .dropped(let row):
                    throw RowProblem("the row has no text to train on: \(row.reason.rawValue) (\(row.detail))")
                }
            }
        }
        let (items, loss) = try processor.encode(documents)
        result.items += items
        if options.packs {
            result.part.leftoverTokens += loss.tokens
        } else {
            result.part.truncatedItems += loss.documents
            result.part.lostResponseTokens += loss.tokens
        }
    }

    private func missingResponse(_ reference: RowReference, _ rows: MixedRows) -> String {
        guard let column = rows.converters[reference.dataset].columns.response else {
            return "`columns` in dataset_info.json names no column for `response`"
        }
        return "the column `\(column)` is null or absent"
    }

    private func failure(of part: DataReport.Part) -> DataError {
        options.stage == .pt && part.drops.isEmpty
            ? .tooLittleText(split: part.name, tokens: part.leftoverTokens, block: options.cutoff)
            : .noItems(split: part.name, rows: part.rows, reasons: part.drops.map(\.description))
    }
}

extension DataReport.Part {
    fileprivate mutating func add(_ row: DroppedRow, at place: RowPlace) {
        if let index = drops.firstIndex(where: { $0.reason == row.reason }) {
            drops[index].count += 1
        } else {
            drops.append(.init(reason: row.reason, count: 1, firstPlace: place, firstDetail: row.detail))
        }
    }

    fileprivate mutating func add(_ truncation: SupervisedProcessor.Truncation) {
        guard !truncation.isEmpty else { return }
        truncatedItems += 1
        lostPromptTokens += truncation.sourceTokens
        lostResponseTokens += truncation.targetTokens
        lostTurns += truncation.turns
    }
}

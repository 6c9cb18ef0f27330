package import ChatTemplates
package import RunConfiguration
package import Tokenization

/// Reads, converts, mixes, splits and tokenizes the data of a run. Of a stream, only the items that the run takes, at
/// most `DataStream.mostShown`.
///
/// - Parameters:
///   - template: already fixed to `tokenizer`.
///   - workingDirectory: where relative paths start; absolute.
///   - saved: what is done with the folder that `tokenized_path` names.
///   - progress: rows done and rows in all, now and then; throwing stops the preparation.
/// - Throws: `DataError` and `ChatTemplateError` with what is wrong, where, and what to do.
package func prepareData(
    configuration: RunConfiguration, tokenizer: Tokenizer, template: ChatTemplate, stage: Stage,
    workingDirectory: String, saved: SavedDataUse = .read, progress: (Int, Int) throws -> Void = { _, _ in }
) throws -> PreparedData {
    let options = try DataOptions(configuration, stage: stage, workingDirectory: workingDirectory)
    do {
        let place = saved == .ignored ? nil : SavedData(configuration, workingDirectory: workingDirectory)
        if options.streams, let place, !place.exists || configuration[Parameters.overwriteCache] {
            throw DataError.streamNotKept(path: place.path)
        }
        if options.streams, place == nil {
            let (steps, size) = (configuration[Parameters.maxSteps], configuration[Parameters.perDeviceTrainBatchSize])
            let wanted = Double(steps) * Double(size) * Double(configuration[Parameters.gradientAccumulationSteps])
            return try DataStream(options, tokenizer: tokenizer, template: template)
                .beginning(of: steps < 1 ? .max : Int(min(wanted, 1e9)), progress: progress)
        }
        guard let place else {
            return try prepareData(options, tokenizer: tokenizer, template: template, progress: progress)
        }
        let fingerprint = try DataFingerprint(options, configuration, tokenizer: tokenizer, template: template)
        if place.exists, !configuration[Parameters.overwriteCache] { return try place.load(for: fingerprint) }
        let data = try prepareData(options, tokenizer: tokenizer, template: template, progress: progress)
        if saved == .readAndWritten { try place.save(data, fingerprint: fingerprint) }
        return data
    } catch {
        throw configuration.located(error)
    }
}

/// What a preparation does with the folder that `tokenized_path` names.
package enum SavedDataUse: Sendable {
    /// Data that is there is taken; new data is not written.
    case read
    /// As above, and what had to be prepared is written: training runs.
    case readAndWritten
    /// The data is prepared as if no folder were named: for settings that are only tried out.
    case ignored
}

extension DataStream {
    /// The stream of a run whose relative paths start at `workingDirectory`.
    package convenience init(
        configuration: RunConfiguration, tokenizer: Tokenizer, template: ChatTemplate, workingDirectory: String
    ) throws {
        let options = try DataOptions(
            configuration, stage: configuration[Parameters.stage], workingDirectory: workingDirectory)
        do {
            try self.init(options, tokenizer: tokenizer, template: template)
        } catch {
            throw configuration.located(error)
        }
    }
}

extension RunConfiguration {
    /// Errors that blame one parameter get the place where it was given.
    fileprivate func located(_ error: any Error) -> any Error {
        switch error {
        case DataError.badValidationSize(let reason):
            conflict(Parameters.valSize, reason: "`val_size`: \(reason)", hint: "change `val_size`")
        case DataError.badProbabilities(let reason):
            conflict(Parameters.interleaveProbs, reason: "`interleave_probs`: \(reason)", hint: "change the numbers")
        case DataError.unknownDataset(let name, _, _):
            conflict(
                self[Parameters.dataset]?.contains(name) == true ? Parameters.dataset : Parameters.evalDataset,
                reason: "\(error)", hint: "mend the name, or describe the dataset there")
        case DataError.wrongStage(let name, _, _):
            conflict(
                self[Parameters.dataset]?.contains(name) == true ? Parameters.dataset : Parameters.evalDataset,
                reason: "\(error)", hint: "use another stage or another dataset")
        case DataError.savedDataDiffers:
            conflict(
                Parameters.tokenizedPath, reason: "\(error)",
                hint: "give another folder, set `overwrite_cache: true` to prepare anew, or undo the changes")
        case DataError.streamNotKept:
            conflict(
                Parameters.tokenizedPath, reason: "\(error)",
                hint: "make it by a run without `streaming`, or take out one of both")
        case DataError.badSavedData:
            conflict(
                Parameters.tokenizedPath, reason: "\(error)",
                hint: "remove it, or give the path of a folder that does not exist yet")
        case ChatTemplateError.promptTrainingNotPossible:
            conflict(Parameters.trainOnPrompt, reason: "\(error)", hint: "take it out")
        default: error
        }
    }
}

/// As above, from options alone.
package func prepareData(
    _ options: DataOptions, tokenizer: Tokenizer, template: ChatTemplate,
    progress: (Int, Int) throws -> Void = { _, _ in }
) throws -> PreparedData {
    guard !options.datasets.isEmpty || !options.evaluationDatasets.isEmpty else { throw DataError.noDatasets }
    if options.trainsOnPrompt, template.efficientEndOfSequence {
        throw ChatTemplateError.promptTrainingNotPossible(template: template.name)
    }
    let catalog = try DatasetCatalog(folder: options.folder, hubs: options.hubs)
    // One generator for all datasets: the reference draws every resampling from one stream.
    var sampler = MersenneTwister(seed: UInt32(truncatingIfNeeded: options.seed))
    var prepared = PreparedData()
    var training = try MixedRows(options.datasets, of: catalog, options: options, sampler: &sampler)
    var evaluationOptions = options
    // Datasets that are evaluated apart are not mixed.
    if options.evaluatesEachDataset {
        (evaluationOptions.mixStrategy, evaluationOptions.mixProbabilities) = (.concat, nil)
    }
    var evaluation = try MixedRows(
        options.evaluationDatasets, of: catalog, options: evaluationOptions, sampler: &sampler)
    prepared.report.sources = training.sources + evaluation.sources
    prepared.report.warnings = catalog.warnings.isEmpty ? nil : catalog.warnings
    if options.evaluationDatasets.isEmpty, options.validation.isPositive {
        (training, evaluation) = try training.split(options.validation, seed: options.seed)
    }
    var parts: [(name: String?, rows: MixedRows)] = []
    if options.evaluatesEachDataset, !options.evaluationDatasets.isEmpty {
        parts = evaluation.datasets.map { ($0.name, $0.rows) }
    } else if !evaluation.order.isEmpty {
        parts = [(nil, evaluation)]
    }
    let total = training.order.count + parts.reduce(0) { $0 + $1.rows.order.count }
    let encoder = PartEncoder(options: options, tokenizer: tokenizer, template: template)
    var done = 0
    if !training.order.isEmpty {
        let result = try encoder.encode(training, as: "training") { try progress($0, total) }
        (prepared.training, prepared.report.training) = (result.items, result.part)
    }
    done = training.order.count
    for (name, rows) in parts {
        let title = name.map { "evaluation (\($0))" } ?? "evaluation"
        let result = try encoder.encode(rows, as: title, isEvaluation: true) { try progress(done + $0, total) }
        prepared.evaluations.append(.init(name: name, items: result.items))
        prepared.report.evaluations.append(result.part)
        done += rows.order.count
    }
    return prepared
}

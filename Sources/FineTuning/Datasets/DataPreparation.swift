package import ChatTemplates
package import RunConfiguration
package import Tokenization

/// Reads, converts, mixes, splits and tokenizes the data of a run.
///
/// - Parameters:
///   - template: already fixed to `tokenizer`.
///   - workingDirectory: where relative paths start; absolute.
///   - progress: rows done and rows in all, now and then; throwing stops the preparation.
/// - Throws: `DataError` and `ChatTemplateError` with what is wrong, where, and what to do.
package func prepareData(
    configuration: RunConfiguration, tokenizer: Tokenizer, template: ChatTemplate, stage: Stage,
    workingDirectory: String, progress: (Int, Int) throws -> Void = { _, _ in }
) throws -> PreparedData {
    let options = try DataOptions(configuration, stage: stage, workingDirectory: workingDirectory)
    return try prepareData(options, tokenizer: tokenizer, template: template, progress: progress)
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
    let catalog = try DatasetCatalog(folder: options.folder)
    // One generator for all datasets: the reference draws every resampling from one stream.
    var sampler = MersenneTwister(seed: UInt32(truncatingIfNeeded: options.seed))
    var prepared = PreparedData()
    var training = try MixedRows(options.datasets, of: catalog, options: options, sampler: &sampler)
    var evaluation = try MixedRows(options.evaluationDatasets, of: catalog, options: options, sampler: &sampler)
    prepared.report.sources = training.sources + evaluation.sources
    if options.evaluationDatasets.isEmpty, options.validation.isPositive {
        (training, evaluation) = try training.split(options.validation, seed: options.seed)
    }
    let total = training.order.count + evaluation.order.count
    let encoder = PartEncoder(options: options, tokenizer: tokenizer, template: template)
    if !training.order.isEmpty {
        let result = try encoder.encode(training, as: "training") { try progress($0, total) }
        (prepared.train, prepared.report.training) = (result.items, result.part)
    }
    if !evaluation.order.isEmpty {
        let result = try encoder.encode(evaluation, as: "evaluation") {
            try progress(training.order.count + $0, total)
        }
        (prepared.evaluation, prepared.report.evaluation) = (result.items, result.part)
    }
    return prepared
}

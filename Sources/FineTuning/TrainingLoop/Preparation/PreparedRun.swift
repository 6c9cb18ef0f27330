import Adapters
package import ChatTemplates
import Checkpoints
import Datasets
import JSONDocuments
import LanguageModels
import LinuxSystem
package import RunConfiguration
import Tensors
package import Tokenization
import TrainingStages

/// Tokenizer and template of a run, fixed to each other.
package struct RunTokenizer: Sendable {
    package var tokenizer: Tokenizer
    package var template: ChatTemplate
    /// What people should know about it.
    package var warnings: [String]
    let newTokens: NewTokens

    /// - Parameters:
    ///   - modelFolder: the folder with the tokenizer's files
    ///   - adapterFolders: the adapters' folders; one whose vocabulary grew brings its tokenizer
    package init(
        _ configuration: RunConfiguration, modelFolder: String, adapterFolders: [String] = [], paths: PathResolver
    ) throws {
        let grown = try adapterFolders.last { try AdapterVocabulary.bringsTokenizer($0, toModelIn: modelFolder) }
        var tokenizer = try Tokenizer(directory: grown ?? modelFolder)
        // The run decides, whatever the tokenizer's files say.
        tokenizer.splitsSpecialTokens = configuration[Parameters.splitSpecialTokens]
        warnings = tokenizer.warnings
        if let grown { warnings.append("the tokenizer is that of \(grown), whose vocabulary grew") }
        newTokens = try NewTokens(configuration, addingTo: &tokenizer) { path in
            let file = try paths.absolute(path, parameter: Parameters.newSpecialTokensConfig.name)
            return String(decoding: try MappedFile.contents(of: file, limit: 1 << 20), as: UTF8.self)
        }
        warnings += newTokens.notes
        template = try ChatTemplate.configured(
            by: configuration, tokenizer: tokenizer, stage: configuration[Parameters.stage])
        warnings += template.note(ofAbsentNameIn: configuration, tokenizer).map { [$0] } ?? []
        warnings += try template.fix(&tokenizer).warnings
        self.tokenizer = tokenizer
    }

    var specialTokens: SpecialTokenIDs {
        SpecialTokenIDs(begin: tokenizer.bosTokenID, end: tokenizer.eosTokenID, padding: tokenizer.padTokenID)
    }
}

/// Everything that a run needs before its first update.
struct PreparedRun {
    var configuration: RunConfiguration
    var stage: any TrainingStage
    var tokenizer: Tokenizer
    var model: RunModel
    /// Empty where the data is streamed.
    var training: [PreparedItem]
    var stream: (any ItemStream)?
    var evaluations: [Evaluation]
    /// Hash of every token and label that is trained on.
    var dataHash: String
}

extension PreparedRun {
    /// Items of one epoch; nil where a stream hides their number.
    var itemCount: Int? { stream != nil ? nil : max(training.count, configuration[Parameters.doTrain] ? 0 : 1) }

    /// FNV-1a over lengths, ids and labels.
    static func hash(_ items: [PreparedItem]) -> String {
        var hash = FNVHash()
        func add(_ value: Int32) { hash.add(UInt64(UInt32(bitPattern: value))) }
        for item in items {
            for row in item.rows {
                add(Int32(truncatingIfNeeded: row.inputIDs.count))
                for id in row.inputIDs { add(id) }
                for label in row.labels { add(label) }
                guard let packing = row.packing else { continue }
                add(packing.isSeparated ? 1 : 0)
                for length in packing.lengths { add(Int32(truncatingIfNeeded: length)) }
            }
            if case .feedback(let feedback) = item { add(feedback.isDesired ? 1 : 0) }
        }
        return String(hash.value, radix: 16)
    }
}

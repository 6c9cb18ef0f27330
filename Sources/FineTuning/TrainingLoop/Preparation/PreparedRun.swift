package import ChatTemplates
import Checkpoints
import Datasets
import JSONDocuments
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

    /// - Parameter modelFolder: the folder with the tokenizer's files
    package init(_ configuration: RunConfiguration, modelFolder: String) throws {
        var tokenizer = try Tokenizer(directory: modelFolder)
        template = try ChatTemplate.named(configuration[Parameters.template] ?? "empty")
        warnings = try template.fix(&tokenizer).warnings
        self.tokenizer = tokenizer
    }
}

/// Everything that a run needs before its first update.
struct PreparedRun {
    var configuration: RunConfiguration
    var rules: any TrainingStage
    var tokenizer: Tokenizer
    var model: TrainableModel
    var train: [TrainingItem]
    var evaluation: [TrainingItem]
    /// Hash of every token and label that is trained on.
    var dataHash: String
}

extension PreparedRun {
    /// FNV-1a over lengths, ids and labels.
    static func hash(_ items: [TrainingItem]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ value: Int32) { hash = (hash ^ UInt64(UInt32(bitPattern: value))) &* 0x100_0000_01b3 }
        for item in items {
            add(Int32(truncatingIfNeeded: item.inputIDs.count))
            for id in item.inputIDs { add(id) }
            for label in item.labels { add(label) }
        }
        return String(hash, radix: 16)
    }
}

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
        template = try ChatTemplate.configured(
            by: configuration, tokenizer: tokenizer, stage: configuration[Parameters.stage])
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
    /// Empty where the data is streamed.
    var train: [TrainingItem]
    var stream: (any ItemStream)?
    var evaluations: [Evaluation]
    /// Hash of every token and label that is trained on.
    var dataHash: String
}

/// The items of one evaluation, and the dataset's name where each is evaluated apart.
struct Evaluation {
    var name: String?
    var items: [TrainingItem]

    /// What the names of its figures begin with.
    var prefix: String { name.map { "eval_\($0)" } ?? "eval" }
}

extension PreparedRun {
    /// Items of one epoch; of a stream, whose length nobody knows, as many as its steps take.
    func itemCount(batchSize: Int, accumulation: Int) -> Int {
        if stream != nil {
            let (micro, overflow) = max(1, configuration[Parameters.maxSteps]).multipliedReportingOverflow(
                by: accumulation)
            let (items, overflows) = micro.multipliedReportingOverflow(by: batchSize)
            return overflow || overflows ? .max / 2 : items
        }
        return max(train.count, configuration[Parameters.doTrain] ? 0 : 1)
    }

    /// FNV-1a over lengths, ids and labels.
    static func hash(_ items: [TrainingItem]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ value: Int32) { hash = (hash ^ UInt64(UInt32(bitPattern: value))) &* 0x100_0000_01b3 }
        for item in items {
            add(Int32(truncatingIfNeeded: item.inputIDs.count))
            for id in item.inputIDs { add(id) }
            for label in item.labels { add(label) }
            guard let packing = item.packing else { continue }
            add(packing.isSeparated ? 1 : 0)
            for length in packing.lengths { add(Int32(truncatingIfNeeded: length)) }
        }
        return String(hash, radix: 16)
    }
}

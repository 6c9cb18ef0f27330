package import RunConfiguration
import LanguageModels
import LinuxSystem
import WeightFiles

/// `model.safetensors`, or shards with an index: what transformers writes and every loader reads.
package enum SafetensorsExport: ExportFormat {
    package static func isWanted(by configuration: RunConfiguration) -> Bool {
        !configuration[Parameters.exportLegacyFormat]
    }

    package static func owns(_ file: String) -> Bool { ShardPlan.isWeightFile(file) }

    package static func files(
        of source: ExportSource, _ configuration: RunConfiguration
    ) throws -> [ExportFile] {
        ShardedFiles(source.tensors, limit: configuration.exportShardLimit).files { tensors, _, file in
            try SafetensorsWriter.write(tensors) { try file.write($0) }
        }
    }

    package static func written(in folder: String) throws -> WrittenModel {
        let weights = try CheckpointWeights(directory: folder)
        let model = try DecoderModel.load(ModelConfiguration(directory: folder), weights: weights)
        return WrittenModel(model: model) { weights.forgetPages() }
    }
}

extension RunConfiguration {
    /// Bytes of a weight file: `export_size` counts decimal gigabytes.
    package var exportShardLimit: Int {
        self[Parameters.exportSize].multipliedReportingOverflow(by: 1_000_000_000).partialValue
    }
}

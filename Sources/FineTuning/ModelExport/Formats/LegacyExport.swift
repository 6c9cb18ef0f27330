package import RunConfiguration
import LanguageModels
import WeightFiles

/// `pytorch_model.bin`, or shards with an index (`export_legacy_format`): what programs from before safetensors read.
package enum LegacyExport: ExportFormat {
    private static let (stem, ending) = ("pytorch_model", "bin")

    package static func isWanted(by configuration: RunConfiguration) -> Bool {
        configuration[Parameters.exportLegacyFormat]
    }

    package static func owns(_ file: String) -> Bool { ShardPlan.isWeightFile(file, stem: stem, ending: ending) }

    package static func files(
        of source: ExportSource, _ configuration: RunConfiguration
    ) throws -> [ExportFile] {
        ShardedFiles(source.tensors, limit: configuration.exportShardLimit, stem: stem, ending: ending).files {
            tensors, name, file in
            try PyTorchWriter.write(tensors, stem: String(name.dropLast(ending.utf8.count + 1)), to: file)
        }
    }

    package static func written(in folder: String) throws -> WrittenModel {
        // The numbers of these files cannot be used where they lie: they are in memory as a whole.
        let model = try DecoderModel.load(
            ModelConfiguration(directory: folder), weights: CheckpointWeights(directory: folder))
        return WrittenModel(model: model, forgetPages: {})
    }
}

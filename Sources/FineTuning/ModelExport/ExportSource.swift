package import Adapters
package import JSONDocuments
package import LanguageModels
package import Tensors
package import Tokenization
package import WeightFiles

/// What an export writes: the tensors of the merged model in its order, each made when it is written and not before.
///
/// Formats take them one after another, so that the peak is about one tensor and not the model. What changes tensors on
/// their way, such as quantizing, makes one source of another.
package struct ExportSource {
    /// The merged model's shape.
    package var configuration: ModelConfiguration
    package var generation: GenerationDefaults
    /// How numbers are stored.
    package var format: WeightFormat
    package var tensors: [TensorToWrite]
    /// What `config.json` says beside the shape, such as `quantization_config`.
    package var configurationKeys: JSONObject = [:]
    /// Where the base's tokenizer and other files lie.
    package var modelFolder: String
    /// As the template needs it; nil for a model without one.
    package var tokenizer: Tokenizer?

    /// - Parameters:
    ///   - weights: the base's files, whose pages are let go as soon as a tensor is written
    ///   - format: how numbers are stored
    package init(
        _ chain: AdapterChain, weights: CheckpointWeights, generation: GenerationDefaults,
        storedAs format: WeightFormat,
        modelFolder: String
    ) {
        configuration = chain.configuration
        self.generation = generation
        self.format = format
        self.modelFolder = modelFolder
        tensors = chain.places.map { name, shape in
            TensorToWrite(name: name, type: ElementType(format), shape: shape) { append in
                defer { weights.forgetPages() }
                let tensor =
                    if chain.isUntouched(name), case .frozen(let weight) = chain.original(name) {
                        TensorToWrite(weight: weight, name: name, storedAs: format)
                    } else {
                        TensorToWrite(name: name, tensor: try chain.merged(name, storedAs: format), storedAs: format)
                    }
                try tensor.bytes(append)
            }
        }
    }
}

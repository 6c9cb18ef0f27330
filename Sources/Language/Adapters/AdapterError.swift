package import JSONDocuments

/// Why an adapter cannot be made, read or attached.
package enum AdapterError: Error, CustomStringConvertible {
    case notJSON(file: String, error: JSONError)
    case wrongValue(key: String, expected: String, found: String, file: String)
    case unsupported(key: String, value: String, file: String, instead: String)
    case noTargets(names: String, modules: [String])
    case notLinear(module: String, target: String)
    /// The adapter's kind has nothing to put beside an embedding.
    case noEmbeddings(module: String, reason: String)
    /// The file's copy of the base's embedding is another one than the base's.
    case otherEmbedding(tensor: String, file: String)
    case noModulesToSave(name: String, modules: [String])
    case missingFile(directory: String, lookedFor: String)
    case pickleOnly(file: String)
    case missingTensors(names: [String], file: String)
    case unknownTensor(name: String, file: String)
    case wrongShape(tensor: String, expected: [Int], found: [Int], file: String)
    case badExpression(String)

    package var description: String {
        switch self {
        case .notJSON(let file, let error): "\(file): \(error)"
        case .wrongValue(let key, let expected, let found, let file):
            "\(file): '\(key)' must be \(expected), found \(found)"
        case .unsupported(let key, let value, let file, let instead):
            "\(file): '\(key)' is \(value), which is not available yet; \(instead)"
        case .noTargets(let names, let modules):
            "no module of the model matches the target \(names); its linear layers are named "
                + modules.joined(separator: ", ")
        case .noModulesToSave(let name, let modules):
            "no module of the model has a path that ends with '\(name)' (`additional_target`, `modules_to_save`); its "
                + "modules are named " + Set(modules).sorted().joined(separator: ", ")
        case .notLinear(let module, let target):
            "the target '\(target)' matches '\(module)', which is neither a linear layer nor the token embedding; name "
                + "those only"
        case .noEmbeddings(let module, let reason):
            "the token embedding '\(module)' cannot be a target: \(reason); name linear layers only"
        case .otherEmbedding(let tensor, let file):
            "\(file): the embedding kept as '\(tensor)' is not that of this base model; the adapter was made for another "
                + "base"
        case .missingFile(let directory, let file):
            "\(directory): is not an adapter, it holds no \(file)"
        case .pickleOnly(let file):
            "\(file): pickled adapters are not read; save it as adapter_model.safetensors"
        case .missingTensors(let names, let file):
            "\(file): lacks \(names.count) tensors that adapter_config.json asks for, first '\(names.first ?? "")'"
        case .unknownTensor(let name, let file):
            "\(file): tensor '\(name)' belongs to no module that adapter_config.json names for this base model"
        case .wrongShape(let tensor, let expected, let found, let file):
            "\(file): tensor '\(tensor)' should have the shape \(expected) for this base model and rank, it has "
                + "\(found); the adapter was made for another base"
        case .badExpression(let text): "the expression '\(text)' in the adapter's configuration cannot be read"
        }
    }
}

import RunConfiguration

/// The folders that a run's models and adapters are read from, found.
struct ModelFolders: Equatable, Sendable {
    var model: String
    /// In order.
    var adapters: [String]
    /// Of a reference model of its own.
    var reference: String?
    var referenceAdapters: [String]

    init(_ configuration: RunConfiguration, paths: PathResolver) throws {
        func folders(_ parameter: Parameter<[String]?>) throws -> [String] {
            try (configuration[parameter] ?? []).map { try paths.modelFolder($0, parameter: parameter.name) }
        }
        model = try paths.modelFolder(
            configuration[Parameters.modelNameOrPath] ?? "", parameter: Parameters.modelNameOrPath.name)
        adapters = try paths.adapterFolders(configuration)
        reference = try configuration[Parameters.refModel].map {
            try paths.modelFolder($0, parameter: Parameters.refModel.name)
        }
        referenceAdapters = try folders(Parameters.refModelAdapters)
    }
}

package import RunConfiguration
import Tensors

/// Whether a run could make its model: what its files hold, what its method finds in it, which adapters fit.
///
/// Headers are read and no tensors.
package struct ModelCheck {
    /// What the run would note.
    package private(set) var notes: [String] = []

    /// - Parameter modelFolder: of the base
    /// - Throws: what would end the run before its first update
    package init(_ configuration: RunConfiguration, modelFolder: String, paths: PathResolver) throws {
        let adapters = try (configuration[Parameters.adapterNameOrPath] ?? []).map {
            try paths.modelFolder($0, parameter: Parameters.adapterNameOrPath.name)
        }
        var notes: [String] = []
        _ = try Rehearsal(threads: 1).run {
            try TrainableModel(
                configuration, modelFolder: modelFolder, adapterFolders: adapters, text: nil
            ) { notes.append($0) }
        }
        self.notes = notes
    }
}

package import LinuxSystem
package import RunConfiguration

/// Finds what a name or path in a configuration stands for.
package struct PathResolver: Sendable {
    /// Where relative paths start; nil allows absolute ones only.
    package var workingDirectory: String?
    /// Where names of a hub are looked for.
    package var hub: HubLookup

    package init(workingDirectory: String?, hub: HubLookup = HubLookup()) {
        self.workingDirectory = workingDirectory
        self.hub = hub
    }

    /// Looks where a run's configuration says (`cache_dir`, `model_revision`).
    package init(_ configuration: RunConfiguration, workingDirectory: String?) {
        self.init(
            workingDirectory: workingDirectory,
            hub: HubLookup(
                cacheFolder: configuration.hubCacheFolder(in: workingDirectory),
                revision: configuration[Parameters.modelRevision]))
    }

    /// An absolute path for one that may be relative.
    package func absolute(_ path: String, parameter: String) throws -> String {
        if path.hasPrefix("/") { return path }
        guard let workingDirectory else {
            throw TrainingError.relativePathWithoutWorkingDirectory(parameter: parameter, path: path)
        }
        return Path.resolve(path, in: workingDirectory)
    }

    /// Where the relative paths of a run's data start.
    ///
    /// - Throws: `TrainingError` where there are such paths and no directory
    package func dataDirectory(of configuration: RunConfiguration) throws -> String {
        if let workingDirectory { return workingDirectory }
        if let saved = configuration[Parameters.tokenizedPath] {
            _ = try absolute(saved, parameter: Parameters.tokenizedPath.name)
        } else if configuration[Parameters.datasetDir] != "ONLINE" {
            _ = try absolute(configuration[Parameters.datasetDir], parameter: Parameters.datasetDir.name)
        }
        return "/"
    }

    /// The folder of a model or adapter: an existing folder wins, else a name in a hub's cache.
    package func modelFolder(_ name: String, parameter: String) throws -> String {
        try ModelFolder.locate(name, workingDirectory: workingDirectory, hub: hub)
    }

    /// The folders of a run's adapters, in order: `adapter_folder` inside each where it is given.
    package func adapterFolders(_ configuration: RunConfiguration) throws -> [String] {
        try (configuration[Parameters.adapterNameOrPath] ?? []).map { name in
            let folder = try modelFolder(name, parameter: Parameters.adapterNameOrPath.name)
            return configuration[Parameters.adapterFolder].map { "\(folder)/\($0)" } ?? folder
        }
    }
}

import LinuxSystem

/// Finds what a name or path in a configuration stands for.
package struct PathResolver: Sendable {
    /// Where relative paths start; nil allows absolute ones only.
    package var workingDirectory: String?
    /// Stands in for the variable `HF_HOME`.
    package var hubHome: String?

    package init(workingDirectory: String?, hubHome: String? = nil) {
        self.workingDirectory = workingDirectory
        self.hubHome = hubHome
    }

    /// An absolute path for one that may be relative.
    package func absolute(_ path: String, parameter: String) throws -> String {
        if path.hasPrefix("/") { return path }
        guard let workingDirectory else {
            throw TrainingError.relativePathWithoutWorkingDirectory(parameter: parameter, path: path)
        }
        return Path.resolve(path, in: workingDirectory)
    }

    /// The folder of a model or adapter: an existing folder wins, else a name in the hub cache.
    package func modelFolder(_ name: String, parameter: String) throws -> String {
        try ModelFolder.locate(name, workingDirectory: workingDirectory, hubHome: hubHome)
    }
}

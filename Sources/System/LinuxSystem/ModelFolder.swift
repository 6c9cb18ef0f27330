import Glibc

/// Finds the folder that a model or adapter name stands for.
package enum ModelFolder {
    package struct NotFound: Error, Equatable, Sendable, CustomStringConvertible {
        package let name: String
        package let tried: [String]
        /// Whether it was not looked for below a working directory because there is none.
        package var lacksWorkingDirectory = false
        /// One of the places, when this process' user may not look there.
        package let blocked: String?
        /// The command that downloads it; nil for what cannot be a name on a hub.
        package let command: String?

        package var description: String {
            if let blocked {
                return "the model or adapter \(blocked) cannot be looked into by \(ServiceUser.description)"
            }
            let places = tried.count == 1 ? "\(tried[0]) is not" : "neither \(tried.joined(separator: " nor ")) is"
            return "no model or adapter \"\(name)\": \(places) a folder or a GGUF file"
                + (lacksWorkingDirectory ? " (for a relative path the request needs working_directory)" : "")
                + (command.map { "; `\($0)` downloads it" } ?? "")
        }
    }

    /// Whether a path is that of a file that holds a whole model.
    package static func isModelFile(_ path: String) -> Bool { path.hasSuffix(".gguf") && FileSystem.isFile(path) }

    /// An existing folder, or a GGUF file, wins, else a name in the caches of the hubs.
    ///
    /// - Parameter workingDirectory: where relative names start; nil allows absolute ones only.
    package static func locate(
        _ name: String, workingDirectory: String?, hub: HubLookup = HubLookup()
    ) throws(NotFound) -> String {
        var tried: [String] = []
        if name.hasPrefix("/") || workingDirectory != nil {
            let path = SubstituteFiles.path(for: Path.resolve(name, in: workingDirectory ?? "/"))
            if FileSystem.isDirectory(path) || isModelFile(path) { return path }
            if access(path, F_OK) != 0, errno == EACCES {
                throw NotFound(name: name, tried: [path], blocked: path, command: nil)
            }
            tried.append(path)
        }
        let caches = hub.caches
        let lacksWorkingDirectory = !name.hasPrefix("/") && workingDirectory == nil
        guard Hub.isRepositoryName(name) else {
            if !name.hasPrefix("/") { tried.append(caches[0].repository(.model, name)) }
            throw NotFound(
                name: name, tried: tried, lacksWorkingDirectory: lacksWorkingDirectory, blocked: nil, command: nil)
        }
        for cache in caches {
            if let snapshot = cache.snapshot(of: .model, name, revision: hub.revision) { return snapshot }
        }
        tried.append(caches[0].repository(.model, name))
        throw NotFound(
            name: name, tried: tried, lacksWorkingDirectory: lacksWorkingDirectory, blocked: nil,
            command: hub.command(for: .model, name, on: caches[0].hub))
    }
}

import Glibc

/// Finds the folder that a model or adapter name stands for.
package enum ModelFolder {
    package struct NotFound: Error, Equatable, Sendable, CustomStringConvertible {
        package let name: String
        package let tried: [String]
        /// One of the places, when this process' user may not look there.
        package let blocked: String?
        package var description: String {
            if let blocked {
                return "the model or adapter \(blocked) cannot be looked into by \(ServiceUser.description)"
            }
            return "no model or adapter \"\(name)\": neither \(tried.joined(separator: " nor ")) is a folder"
        }
    }

    /// An existing folder wins, else a name in the hub cache.
    ///
    /// - Parameter workingDirectory: where relative names start; nil allows absolute ones only.
    package static func locate(
        _ name: String, workingDirectory: String?, hubHome: String? = nil
    ) throws(NotFound) -> String {
        var tried: [String] = []
        if name.hasPrefix("/") || workingDirectory != nil {
            let path = SubstituteFiles.path(for: Path.resolve(name, in: workingDirectory ?? "/"))
            if FileSystem.isDirectory(path) { return path }
            if access(path, F_OK) != 0, errno == EACCES {
                throw NotFound(name: name, tried: [path], blocked: path)
            }
            tried.append(path)
        }
        let repository = HubCache(home: hubHome).repository(.models, name)
        if !name.hasPrefix("/"), let snapshot = HubCache.snapshot(in: repository) { return snapshot }
        tried.append(repository)
        throw NotFound(name: name, tried: tried, blocked: nil)
    }
}

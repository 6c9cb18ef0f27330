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
        let repository = hubCache(hubHome) + "/models--" + name.split(separator: "/").joined(separator: "--")
        if !name.hasPrefix("/"), let snapshot = newestSnapshot(in: repository) { return snapshot }
        tried.append(repository)
        throw NotFound(name: name, tried: tried, blocked: nil)
    }

    private static func hubCache(_ hubHome: String?) -> String {
        if let home = hubHome ?? variable("HF_HOME") { return home + "/hub" }
        return (variable("HOME") ?? "/root") + "/.cache/huggingface/hub"
    }

    /// `refs/main` names the snapshot; without it the last one by name is taken.
    private static func newestSnapshot(in repository: String) -> String? {
        if let reference = try? MappedFile.contents(of: repository + "/refs/main", limit: 200) {
            let name = String(decoding: reference, as: UTF8.self).filter { !$0.isWhitespace }
            let path = repository + "/snapshots/" + name
            if !name.isEmpty, FileSystem.isDirectory(path) { return path }
        }
        return (try? FileSystem.entries(of: repository + "/snapshots"))?.last.map { repository + "/snapshots/" + $0 }
    }

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}

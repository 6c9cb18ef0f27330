import LinuxSystem
import RunConfiguration

/// Finds what a name or path in a configuration stands for.
package struct PathResolver: Sendable {
    /// Where relative paths start; nil allows absolute ones only.
    package var workingDirectory: String?
    /// The variables that may be used: `HF_HOME`, `HF_HUB_CACHE`, `HOME`.
    package var environment: [String: String]

    package init(workingDirectory: String?, environment: [String: String]) {
        self.workingDirectory = workingDirectory
        self.environment = environment
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
    package func modelFolder(_ name: String, parameter: String, revision: String = "main") throws -> String {
        var places: [String] = []
        if let path = try? absolute(name, parameter: parameter) {
            if FileSystem.isDirectory(path) { return path }
            places.append(path)
        }
        for repository in hubRepositories(name) {
            if let snapshot = Self.snapshot(in: repository, revision: revision) { return snapshot }
            places.append(repository)
        }
        guard !places.isEmpty else {
            throw TrainingError.relativePathWithoutWorkingDirectory(parameter: parameter, path: name)
        }
        throw TrainingError.modelNotFound(parameter: parameter, name: name, lookedIn: places)
    }

    /// Where `owner/name` lies in the hub's cache, as huggingface_hub lays it out.
    private func hubRepositories(_ name: String) -> [String] {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return [] }
        let cache =
            environment["HF_HUB_CACHE"] ?? environment["HF_HOME"].map { "\($0)/hub" }
            ?? environment["HOME"].map { "\($0)/.cache/huggingface/hub" }
        return cache.map { ["\($0)/models--\(parts[0])--\(parts[1])"] } ?? []
    }

    private static func snapshot(in repository: String, revision: String) -> String? {
        let reference = "\(repository)/refs/\(revision)"
        let bytes = try? MappedFile.contents(of: reference, limit: 1024)
        let commit = bytes.map { String(decoding: $0.prefix { $0 > 32 }, as: UTF8.self) } ?? revision
        guard !commit.isEmpty, !commit.contains("/"), commit != ".." else { return nil }
        let folder = "\(repository)/snapshots/\(commit)"
        return FileSystem.isDirectory(folder) ? folder : nil
    }
}

import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI

/// `~` at the beginning of a path is the caller's home, not the service's.
extension Caller {
    func expandingHome(_ path: String) -> String { HomeFolder.expand(path, for: user) }

    /// Reads a configuration as `readConfiguration` does.
    ///
    /// - Returns: also the overrides to read it with again: those that were given, and paths with the home in them
    func readConfiguration(
        _ source: ConfigurationSource, overrides: [String], for purpose: RunConfiguration.Purpose? = nil
    ) throws -> (configuration: RunConfiguration, overrides: [String]) {
        let written = try DaemonService.readConfiguration(source, overrides: overrides, for: purpose)
        let paths = written.paths(changedBy: expandingHome)
        if paths.isEmpty { return (written, overrides) }
        let all = overrides + paths.map { "\($0.name)=\(JSONValue($0.value).serialized(.compact))" }
        return (try DaemonService.readConfiguration(source, overrides: all, for: purpose), all)
    }
}

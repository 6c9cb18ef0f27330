import JobStore
import LinuxSystem
import RunConfiguration
import ServiceAPI

extension Caller {
    /// The rights of a worker that reads for this caller; nil for who may see everything.
    func readingRights(_ jobs: JobTable) throws -> ReadingRights? {
        isAdministrator ? nil : try jobs.readingRights(of: user)
    }

    /// Judges a folder that a request names; its files are judged when they are opened.
    ///
    /// - Parameter folder: without links
    /// - Throws: `ServiceError` of kind `permission` for a folder that is the service's or a job's of somebody else
    func requireReading(_ folder: String, _ jobs: JobTable) throws {
        guard !isAdministrator else { return }
        let owners = try jobs.store.owners(ofOutputAround: folder)
        if owners.contains(user) { return }
        guard owners.isEmpty else {
            throw ServiceError(.permission, "\(folder) belongs to a job of another user")
        }
        guard try readingRights(jobs)?.verdict(on: folder) != false else {
            throw ServiceError(.permission, "\(folder) belongs to the service or to somebody else, not to you")
        }
    }

    /// The same for every folder that a run's configuration names.
    func requireReading(_ configuration: RunConfiguration, in directory: String?, _ jobs: JobTable) throws {
        guard !isAdministrator else { return }
        let hub = HubLookup(
            cacheFolder: configuration.hubCacheFolder(in: directory),
            revision: configuration[Parameters.modelRevision])
        for name in JobReferences.folders(in: configuration) {
            guard let path = try? ModelFolder.locate(name, workingDirectory: directory, hub: hub) else { continue }
            try requireReading(FileSystem.canonicalPath(path) ?? path, jobs)
        }
    }
}

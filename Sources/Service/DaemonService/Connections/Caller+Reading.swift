import Glibc
import JobStore
import LinuxSystem
import RunConfiguration
import ServiceAPI

/// What the service reads for its callers: nothing that is its own or another user's.
extension ReadingRights {
    /// Those of a worker that reads for `user`; nil for root and the service's own user, whose files these are.
    ///
    /// - Parameter folders: that belong to what the worker does
    init?(of user: UInt32, stateDirectory: String, folders: [String] = []) {
        guard user != 0, user != geteuid() else { return nil }
        self.init()
        let state = FileSystem.canonicalPath(stateDirectory) ?? stateDirectory
        closed = [state]
        open = ["\(state)/outputs/\(user)"] + folders.map { FileSystem.canonicalPath($0) ?? $0 }
        // Root may read everything, so it asks what the user may.
        if geteuid() == 0 { self.user = user }
    }
}

extension Caller {
    /// - Parameter folder: without links
    /// - Throws: `ServiceError` of kind `permission` for a folder that is the service's or a job's of somebody else
    func requireReading(_ folder: String, _ daemon: Daemon) throws {
        guard !isAdministrator else { return }
        let owners = try daemon.jobs.store.owners(ofOutputsAround: folder)
        if owners.contains(user) { return }
        guard owners.isEmpty else {
            throw ServiceError(.permission, "\(folder) belongs to a job of another user")
        }
        let rights = ReadingRights(of: user, stateDirectory: daemon.options.stateDirectory)
        // A folder is found by who may look into it; its files are judged when they are opened.
        if let rights, !rights.allow(folder) {
            throw ServiceError(.permission, "\(folder) belongs to the service or to somebody else, not to you")
        }
    }

    /// The same for every folder that a run's configuration names.
    func requireReading(_ configuration: RunConfiguration, in directory: String?, _ daemon: Daemon) throws {
        guard !isAdministrator else { return }
        let hub = HubLookup(
            cacheFolder: configuration.hubCacheFolder(in: directory),
            revision: configuration[Parameters.modelRevision])
        for name in JobReferences.folders(in: configuration) {
            guard let path = try? ModelFolder.locate(name, workingDirectory: directory, hub: hub) else { continue }
            try requireReading(FileSystem.canonicalPath(path) ?? path, daemon)
        }
    }
}

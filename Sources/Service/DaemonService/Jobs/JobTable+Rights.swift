import Glibc
import JobStore
import LinuxSystem
import ServiceAPI

extension JobTable {
    /// The outputs of so many of a user's jobs can be read whatever their modes are.
    private static let mostOutputs = 256

    /// What a worker reads for a user: what the user may read, what the user's jobs have written, and the hub's cache
    /// of the service. Nil for root and the service's own user, whose files these are.
    ///
    /// - Parameter folders: of what the worker does, without links. They are not looked for again: what was judged may
    ///   have become a link since.
    func readingRights(of user: UInt32, folders: [String] = []) throws -> ReadingRights? {
        guard user != 0, user != geteuid() else { return nil }
        let state = stateDirectory
        let outputs = try store.outputs(of: user, limit: Self.mostOutputs).filter { !$0.hasPrefix(state + "/") }
        // Root's own cache is root's; that of a service is there for its callers.
        let cache = geteuid() == 0 ? nil : FileSystem.canonicalPath(HubCache().folder)
        return ReadingRights(
            user: user, closed: [state] + (try outputs.flatMap { try store.outputs(notOf: user, in: $0) }),
            open: ["\(state)/outputs/\(user)"] + outputs + folders + (cache.map { [$0] } ?? []))
    }

    /// The part of a worker's command line that says what it may read for a job, and where the files are that came with
    /// the submission.
    func readingArguments(_ stored: StoredJob) throws -> [String] {
        let folder = stored.inputs.map(inputs.folder)
        let rights = try readingRights(
            of: stored.job.owner,
            folders: [self.folder(of: stored.job.id), stored.outputPath] + (folder.map { [$0] } ?? []))
        return (rights?.arguments ?? []) + SubstituteFiles.arguments(folder)
    }

    /// The same, and where it may write: the places are judged here, and the worker writes to these and no others,
    /// whatever their paths lead to then.
    func writingArguments(_ stored: StoredJob) throws -> [String] {
        var places = [stored.outputPath]
        if stored.job.kind == .train || stored.job.kind == .evaluate {
            let configuration = try readConfiguration(stored.config, overrides: stored.overrides)
            let data = try savedDataPlace(
                of: configuration, in: stored.job.workingDirectory, user: stored.job.owner, self)
            if let data { places.append(Path.parent(of: data.path)) }
        }
        return try readingArguments(stored) + WritingPlaces.arguments(places)
    }
}

import Glibc
import LinuxSystem
package import ServiceAPI

/// Who sent a request, as the kernel says (SO_PEERCRED), and what that user may do and see.
///
/// Nothing that a request itself says counts here.
package struct Caller: Equatable, Sendable {
    package var user: UInt32
    package var process: Int32
    /// Root, the daemon's own user, and members of the group finetuned-admin: everybody's jobs are theirs to act on.
    package var isAdministrator: Bool

    package init(user: UInt32, process: Int32, isAdministrator: Bool) {
        self.user = user
        self.process = process
        self.isAdministrator = isAdministrator
    }

    /// - Parameters:
    ///   - groups: all of the caller's groups
    ///   - daemonUser: the user that the daemon runs as
    ///   - administrators: the group's number, nil where it does not exist
    package init(
        user: UInt32, process: Int32, groups: [UInt32], daemonUser: UInt32 = geteuid(), administrators: UInt32?
    ) {
        let isMember = administrators.map(groups.contains) ?? false
        self.init(
            user: user, process: process, isAdministrator: user == 0 || user == daemonUser || isMember)
    }

    /// The caller at the other end of a connected socket.
    init(connectedTo descriptor: Int32) throws(SystemError) {
        let peer = try UnixSocket.peer(of: descriptor)
        // The group is looked up for each connection, so that a new member need not wait for a restart.
        let isOrdinary = peer.user != 0 && peer.user != geteuid()
        self.init(
            user: peer.user, process: peer.process,
            groups: isOrdinary ? [peer.group] + UnixSocket.groupsOfPeer(descriptor) : [],
            administrators: isOrdinary ? UserGroup.number(of: Self.administrators) : nil)
    }

    package static let administrators = "finetuned-admin"

    package func mayActOn(owner: UInt32) -> Bool { user == owner || isAdministrator }

    /// Ends a request that is not this caller's to make.
    package func require(owner: UInt32, job: String) throws(ServiceError) {
        if mayActOn(owner: owner) { return }
        throw ServiceError(
            .permission, "job \(job) belongs to user \(owner); you are user \(user)",
            hint: "its owner, root and the group \(Self.administrators) may do this", job: job)
    }

    package func requireAdministrator(for method: String) throws(ServiceError) {
        if isAdministrator { return }
        throw ServiceError(
            .permission, "\(method) is not for user \(user)",
            hint: "root, the daemon's own user and the group \(Self.administrators) may call it")
    }

    /// The job as this caller may see it: others see state, size and times, but no names, paths and texts.
    package func view(of job: Job) -> Job {
        if mayActOn(owner: job.owner) { return job }
        var shown = Job(
            id: job.id, name: "", kind: job.kind, state: job.state, owner: job.owner, priority: job.priority,
            outputDirectory: "", workingDirectory: nil, submittedAt: job.submittedAt, attempt: job.attempt)
        shown.startedAt = job.startedAt
        shown.finishedAt = job.finishedAt
        shown.wish = job.wish
        shown.after = job.after
        shown.queue = job.queue
        shown.threads = job.threads
        shown.memoryBytes = job.memoryBytes
        shown.memory = job.memory
        shown.error = job.error.map { ServiceError($0.kind, $0.kind.explanation, job: job.id) }
        shown.progress = job.progress.map { progress in
            var size = JobProgress(phase: progress.phase, step: progress.step, totalSteps: progress.totalSteps)
            size.elapsed = progress.elapsed
            size.remaining = progress.remaining
            return size
        }
        return shown
    }

    /// Whether a resident model is this caller's to see and to unload.
    ///
    /// - Parameter user: whose rights its worker has, nil for the service's own
    package func maySeeModel(readFor user: UInt32?) -> Bool { isAdministrator || user == self.user }

    /// The model as this caller may see it: where it lies is for whom its worker reads.
    ///
    /// - Parameter user: whose rights its worker has, nil for the service's own
    package func view(of model: ResidentModel, readFor user: UInt32?) -> ResidentModel {
        if maySeeModel(readFor: user) { return model }
        var shown = model
        shown.model = ""
        shown.adapters = []
        return shown
    }
}

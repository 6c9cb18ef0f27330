import Glibc
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

/// The daemon: one thread, one event loop, and the tables of connections, jobs and resident models.
final class Daemon {
    static let version = productVersion
    static let apiLevel = 1

    let options: DaemonOptions
    let loop: EventLoop
    let logger = Logger()
    let jobs: JobTable
    let models: ModelTable
    let startedAt = Timestamp.now()
    private(set) var connections: ConnectionTable?
    private let lock: StateLock
    private var isStopping = false

    init(options: DaemonOptions) throws {
        self.options = options
        loop = try EventLoop()
        try FileSystem.createDirectories(options.stateDirectory, mode: 0o700)
        lock = try StateLock(directory: options.stateDirectory)
        let store = try JobStore(path: options.stateDirectory + "/jobs.sqlite")
        var policy = SchedulingPolicy()
        policy.runningJobs = options.limits.runningJobs
        let program = WorkerProgram.located()
        jobs = JobTable(
            store: store, policy: policy, program: program, stateDirectory: options.stateDirectory,
            limits: options.limits, loop: loop, logger: logger)
        models = ModelTable(
            program: program, stateDirectory: options.stateDirectory, limits: options.limits, loop: loop)
    }

    /// Listens, recovers, serves until a signal or `system.shutdown`, and stops the workers.
    func run() throws {
        let signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP])
        try loop.register(signals.descriptor.number, .read) { [weak self] _ in self?.handle(signals.next()) }
        try jobs.recover()
        let table = try ConnectionTable(daemon: self)
        connections = table
        if let interval = ServiceManager.watchdogInterval {
            loop.every(interval) { ServiceManager.notify("WATCHDOG=1") }
        }
        ServiceManager.notify("READY=1\nSTATUS=\(status)")
        printReady(table.socketPath)
        jobs.startWhatMayRun()
        try loop.run()
        table.close()
    }

    private func printReady(_ socket: String) {
        let output = FileDescriptor(owning: STDERR_FILENO)
        try? output.writeAll("ready \(socket)\n")
        _ = output.release()
    }

    var status: String {
        let counts = (try? jobs.store.counts()) ?? [:]
        return "\(counts[.running] ?? 0) running, \(counts[.queued] ?? 0) queued, \(models.count) models"
    }

    private func handle(_ signal: Int32?) {
        switch signal {
        case SIGTERM?, SIGINT?: stop()
        case SIGHUP?:
            // Nothing is cached that would have to be read again; systemd wants to see both states.
            ServiceManager.notify("RELOADING=1")
            ServiceManager.notify("READY=1")
        default: return
        }
    }

    /// Lets running jobs write a checkpoint, ends the workers and then the loop. The next start goes on with the jobs.
    func stop() {
        if isStopping { return }
        isStopping = true
        ServiceManager.notify("STOPPING=1\nSTATUS=waiting for checkpoints")
        connections?.stopAccepting()
        models.unloadAll()
        jobs.stopAll { [weak self] in self?.loop.stop() }
        extendTimeout()
    }

    /// A checkpoint may take longer than systemd's patience (`EXTEND_TIMEOUT_USEC`, sd_notify(3)).
    private func extendTimeout() {
        ServiceManager.notify("EXTEND_TIMEOUT_USEC=15000000")
        loop.after(5) { [weak self] in self?.extendTimeout() }
    }
}

/// One daemon per state directory.
final class StateLock {
    private let descriptor: FileDescriptor

    struct Taken: Error, CustomStringConvertible {
        let directory: String
        var description: String {
            "another finetuned uses the state directory \(directory); stop it, or give this one another --state-dir"
        }
    }

    init(directory: String) throws {
        descriptor = try FileDescriptor.open(directory + "/lock", O_RDWR | O_CREAT)
        // The kernel drops the lock when the process ends, however it ends.
        guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else { throw Taken(directory: directory) }
    }
}

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

    private(set) var options: DaemonOptions
    let loop: EventLoop
    let logger = Logger()
    let jobs: JobTable
    let models: ModelTable
    let startedAt = Timestamp.now()
    /// How the memory of workers is bounded.
    let memoryControl: MemoryControl
    private(set) var connections: ConnectionTable?
    private let lock: StateLock
    private let signals: SignalDescriptor
    private let patience: StartupPatience
    private var health: HealthWatch?
    private var shownStatus = ""
    /// What the status line was made of.
    private var shownChanges: (jobs: UInt64, models: Int) = (0, 0)
    private var isStopping = false

    init(options: DaemonOptions) throws {
        self.options = options
        Logger.setDefaultLevel(Logger.Level(rawValue: Int32(options.limits.logLevel)) ?? .info)
        // Blocked before the first other thread starts, which would otherwise be ended by them.
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP])
        patience = StartupPatience.begin()
        loop = try EventLoop()
        try FileSystem.createDirectories(options.stateDirectory, mode: 0o700)
        lock = try StateLock(directory: options.stateDirectory)
        let store = try JobStore(path: options.stateDirectory + "/jobs.sqlite")
        var policy = SchedulingPolicy()
        policy.runningJobs = options.limits.runningJobs
        policy.threads = options.limits.workerThreads
        let program = WorkerProgram.located()
        memoryControl = MemoryControl()
        jobs = JobTable(
            store: store, policy: policy, machine: .available(options.limits), program: program,
            stateDirectory: options.stateDirectory, limits: options.limits, groups: memoryControl.groups, loop: loop,
            logger: logger)
        models = ModelTable(
            program: program, stateDirectory: options.stateDirectory, limits: options.limits, loop: loop,
            training: TrainingYielding(loop: loop) { [jobs] in jobs.notifyWorkers($0, $1) })
    }

    /// Listens, recovers, serves until a signal or `system.shutdown`, and stops the workers.
    func run() throws {
        try loop.register(signals.descriptor.number, .read) { [weak self] _ in
            while let signal = self?.signals.next() { self?.handle(signal) }
        }
        try jobs.recover()
        let table = try ConnectionTable(daemon: self)
        connections = table
        try startWatching()
        patience.end()
        shownStatus = status
        ServiceManager.notify(.ready, .status(shownStatus))
        logger.log(.daemonReady, ["socket": table.socketPath])
        printReady(table.socketPath)
        jobs.startWhatMayRun()
        jobs.keepWithinBounds()
        try loop.run()
        table.close()
    }

    private func printReady(_ socket: String) {
        let output = FileDescriptor(owning: STDERR_FILENO)
        try? output.writeAll("ready \(socket)\n")
        _ = output.release()
    }

    private func handle(_ signal: Int32) {
        switch signal {
        case SIGTERM, SIGINT: stop()
        case SIGHUP: reload()
        default: return
        }
    }

    // MARK: What systemd sees

    private func startWatching() throws {
        if let interval = ServiceManager.watchdogInterval {
            health = try HealthWatch(loop: loop, every: interval) { [jobs] in
                jobs.startWhatMayRun()
                return (jobs.schedulerPasses, jobs.store.moves())
            } report: { [logger] verdict in
                switch verdict {
                case .well: ServiceManager.notify(.alive)
                case .stuck(let parts, let reason):
                    let names = parts.map(\.rawValue).joined(separator: ", ")
                    logger.log(.internalFault, ["parts": names, "reason": reason])
                case .faulty(let reason):
                    logger.log(.internalFault, ["parts": ServiceHealth.Part.store.rawValue, "reason": reason])
                    ServiceManager.notify(.faulty)
                }
            }
        }
        // Without anybody who reads it, an idle daemon need not wake up for the line.
        if ServiceManager.isListening { loop.every(2) { [weak self] in self?.showStatus() } }
    }

    private var status: String {
        ServiceStatus.line(
            running: jobs.runningJobs,
            counts: (try? jobs.store.counts()) ?? [:], models: models.count)
    }

    private func showStatus() {
        let changes = (jobs.changes, models.count)
        if isStopping || changes == shownChanges { return }
        shownChanges = changes
        let line = status
        if line != shownStatus { ServiceManager.notify(.status(line)) }
        shownStatus = line
    }

    /// Reads the settings again. Running jobs are not touched; a bad file leaves the settings that are in force.
    private func reload() {
        if isStopping { return }
        ServiceManager.notify(.reloading)
        do throws(DaemonSettingsFile.Failure) {
            try options.reload()
            Logger.setDefaultLevel(Logger.Level(rawValue: Int32(options.limits.logLevel)) ?? .info)
            jobs.settingsChanged()
            let files = options.settingsFiles.joined(separator: ", ")
            logger.log(.settingsReloaded, ["files": files.isEmpty ? "the defaults" : files])
        } catch {
            logger.log(.settingsRefused, ["reason": "\(error)"])
        }
        shownStatus = status
        ServiceManager.notify(.ready, .status(shownStatus))
    }

    /// Lets running jobs write a checkpoint, ends the workers and then the loop. The next start goes on with the jobs.
    func stop() {
        if isStopping { return }
        isStopping = true
        ServiceManager.notify(.stopping, .status("waiting for checkpoints"))
        logger.log(.daemonStopping)
        connections?.stopAccepting()
        models.unloadAll()
        jobs.stopAll { [weak self] in self?.loop.stop() }
        extendTimeout()
    }

    /// A checkpoint may take longer than systemd's patience. The workers' own time to stop bounds how often this is said.
    private func extendTimeout() {
        ServiceManager.notify(.extendTimeout(seconds: 15))
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

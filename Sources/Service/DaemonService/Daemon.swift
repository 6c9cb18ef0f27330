import Glibc
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

/// The daemon: the thread of its event loop with the tables of connections and resident models, and the jobs' thread
/// beside it.
final class Daemon {
    static let version = productVersion

    private(set) var options: DaemonOptions
    let loop: EventLoop
    let logger = Logger()
    let jobs: JobsThread
    let models: ModelTable
    let inputs: KeptInputs
    let startedAt = Timestamp.now()
    /// How the memory of workers is bounded.
    let memoryControl: MemoryControl
    private(set) var connections: ConnectionTable?
    private let lock: StateLock
    private let signals: SignalDescriptor
    private let patience: StartupPatience
    private var health: HealthWatch?
    private var shownStatus = ""
    /// What the jobs' part of the status line was made of.
    private var jobsStatus: JobTable.Status?
    private var isStopping = false
    private var failure: (any Error)?

    init(options: DaemonOptions) throws {
        self.options = options
        Logger.setDefaultLevel(Logger.Level(rawValue: Int32(options.limits.logLevel)) ?? .info)
        // Blocked before the first other thread starts, which would otherwise be ended by them.
        signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP])
        patience = StartupPatience.begin()
        loop = try EventLoop()
        try FileSystem.createDirectories(options.stateDirectory, mode: 0o700)
        lock = try StateLock(directory: options.stateDirectory)
        let program = WorkerProgram.located()
        memoryControl = MemoryControl()
        inputs = KeptInputs(stateDirectory: options.stateDirectory)
        jobs = try JobsThread(
            JobsThread.Setup(
                stateDirectory: options.stateDirectory, limits: options.limits, program: program,
                groups: memoryControl.groups, logger: logger), loop: loop)
        models = ModelTable(
            program: program, stateDirectory: options.stateDirectory, limits: options.limits, loop: loop,
            training: TrainingYielding(loop: loop) { [jobs] method, parameters in
                jobs.post { $0.notifyWorkers(method, parameters) }
            })
    }

    /// Listens, serves until a signal or `system.shutdown`, and stops the workers.
    func run() throws {
        try loop.register(signals.descriptor.number, .read) { [weak self] _ in
            while let signal = self?.signals.next() { self?.handle(signal) }
        }
        jobs.onFailure = { [weak self] error in
            self?.failure = error
            self?.loop.stop()
        }
        let table = try ConnectionTable(daemon: self)
        connections = table
        try startWatching()
        patience.end()
        tellStatus(with: .ready)
        logger.log(.daemonReady, ["socket": table.socketPath])
        printReady(table.socketPath)
        jobs.post { jobs in
            jobs.startWhatMayRun()
            jobs.keepWithinBounds()
        }
        try loop.run()
        jobs.finish()
        table.close()
        if let failure { throw failure }
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
            health = try HealthWatch(loop: loop, every: interval) { [jobs] answer in
                jobs.perform {
                    $0.startWhatMayRun()
                    return ServiceHealth.JobsAnswer(schedulerPasses: $0.schedulerPasses, store: $0.store.moves())
                } completion: {
                    if let result = try? $0.get() { answer(result) }
                }
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

    private func showStatus() {
        withStatus { [weak self] line in
            if line != self?.shownStatus { ServiceManager.notify(.status(line)) }
            self?.shownStatus = line
        }
    }

    private func tellStatus(with state: ServiceManager.State) {
        withStatus { [weak self] line in
            ServiceManager.notify(state, .status(line))
            self?.shownStatus = line
        }
    }

    /// Goes on with the line for `systemctl status`, unless the daemon is stopping by then.
    private func withStatus(_ body: @escaping (String) -> Void) {
        if isStopping { return }
        jobs.ask({ [jobsStatus] in $0.status(after: jobsStatus) }) { [weak self] status in
            guard let self, !self.isStopping, let status = try? status.get() else { return }
            self.jobsStatus = status
            body(ServiceStatus.line(running: status.running, counts: status.counts, models: self.models.count))
        }
    }

    /// Reads the settings again. Running jobs are not touched; a bad file leaves the settings that are in force.
    private func reload() {
        if isStopping { return }
        ServiceManager.notify(.reloading)
        do throws(DaemonSettingsFile.Failure) {
            try options.reload()
            Logger.setDefaultLevel(Logger.Level(rawValue: Int32(options.limits.logLevel)) ?? .info)
            models.limits = options.limits
            jobs.post { [limits = options.limits] in $0.settingsChanged(limits) }
            let files = options.settingsFiles.joined(separator: ", ")
            logger.log(.settingsReloaded, ["files": files.isEmpty ? "the defaults" : files])
        } catch {
            logger.log(.settingsRefused, ["reason": "\(error)"])
        }
        tellStatus(with: .ready)
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
        extendTimeout(until: MonotonicClock.seconds + Self.longestStop)
    }

    /// More than the workers' own time to stop; who waits for a disk for longer is ended by systemd.
    private static let longestStop = 120.0

    /// A checkpoint may take longer than systemd's patience.
    private func extendTimeout(until end: Double) {
        if MonotonicClock.seconds > end { return }
        ServiceManager.notify(.extendTimeout(seconds: 15))
        loop.after(5) { [weak self] in self?.extendTimeout(until: end) }
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

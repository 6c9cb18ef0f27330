import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI
import WorkerSupervision

/// Resident models: one worker for each model folder. `ResidentTable` decides; this starts and ends the workers.
final class ModelTable {
    private var table: ResidentTable<Resident>
    private let program: WorkerProgram
    private let stateDirectory: String
    private let limits: DaemonLimits
    private let loop: EventLoop
    let training: TrainingYielding
    private var expiryTimer: EventLoop.TimerToken?

    init(
        program: WorkerProgram, stateDirectory: String, limits: DaemonLimits, loop: EventLoop,
        training: TrainingYielding
    ) {
        self.program = program
        self.stateDirectory = stateDirectory
        self.limits = limits
        self.loop = loop
        self.training = training
        table = ResidentTable(limits: Self.tableLimits(limits))
    }

    private static func tableLimits(_ limits: DaemonLimits) -> ResidentTable<Resident>.Limits {
        .init(models: limits.residentModels, memory: limits.modelMemory, keepAlive: limits.keepAlive)
    }

    var count: Int { table.count }

    func list(visibleTo caller: Caller) -> [ResidentModel] {
        for key in table.keys { measure(key) }
        return table.keys.compactMap { key in table[key].map { description(of: $0, for: caller) } }
    }

    func adapters(of path: String?, visibleTo caller: Caller) -> [ResidentAdapter] {
        table.keys.filter { path == nil || $0 == path }
            .flatMap { table[$0]?.model.adapters(visibleTo: caller) ?? [] }
    }

    // MARK: Finding and starting

    /// The folder's worker, started when there is none.
    ///
    /// - Parameter weights: whether the request needs the weights, for which there must be room
    func resident(_ path: String, weights: Bool) throws -> Resident {
        table.limits = Self.tableLimits(limits)
        // Its process has ended, and the news of it is on the way.
        if table[path]?.model.worker.isEnding == true { table.remove(path) }
        if let uses = table[path]?.uses, uses >= limits.requestsPerModel {
            throw ServiceError(
                .busy, "\(uses) requests are waiting for \(path)",
                hint: "try again later, or raise limits.requests_per_model in finetuned.yaml")
        }
        do {
            return try table.obtain(
                path, expecting: weights ? Self.weightBytes(of: path) : 0, at: MonotonicClock.seconds,
                isOutOfMemory: { ($0 as? SystemError)?.code == ENOMEM }, load: { try start(path) },
                end: { $0.kill() })
        } catch let refusal as ResidentTable<Resident>.Refusal {
            throw error(refusal, path)
        }
    }

    private func error(_ refusal: ResidentTable<Resident>.Refusal, _ path: String) -> ServiceError {
        switch refusal {
        case .tooLarge(let needed, let limit):
            ServiceError(
                .outOfMemory, "the weights of \(path) are \(needed >> 20) MiB, models may take \(limit >> 20) MiB",
                hint: "raise limits.model_memory in finetuned.yaml")
        case .allInUse(let count):
            ServiceError(
                .busy, "there is no room for \(path): the \(count) models in memory are all answering requests",
                hint: "try again later, or raise limits.resident_models or limits.model_memory in finetuned.yaml")
        }
    }

    /// What the weights will take when all their pages are resident; the files themselves are not opened.
    private static func weightBytes(of folder: String) -> Int {
        ((try? FileSystem.entries(of: folder)) ?? []).filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
            .reduce(0) { sum, name in
                // Sparse files can claim any size.
                let (total, isTooMuch) = sum.addingReportingOverflow(FileSystem.size(of: "\(folder)/\(name)") ?? 0)
                return isTooMuch ? .max : total
            }
    }

    private func start(_ path: String) throws -> Resident {
        let model = Resident(path: path, worker: try worker(log: "\(FileHash.of(path).prefix(12)).log"))
        model.onEnd = { [weak self, weak model] in
            guard let self, let model, self.table[path]?.model === model else { return }
            self.table.remove(path)
        }
        return model
    }

    private func worker(log: String, _ arguments: [String] = []) throws -> Worker {
        var program = program
        if limits.workerThreads > 0 { program.environment.append("FINETUNED_THREADS=\(limits.workerThreads)") }
        let logs = stateDirectory + "/models"
        try FileSystem.createDirectories(logs, mode: 0o700)
        return try Worker(
            program, arguments: arguments, logPath: "\(logs)/\(log)",
            memory: WorkerMemory(limit: limits.workerMemory), loop: loop)
    }

    /// A worker for one request; it belongs to no model and is not listed, and reads what the caller may.
    ///
    /// - Parameter inputs: the folder of files that came with the request
    func oneShot(_ name: String, for caller: Caller, inputs: String? = nil) throws -> Resident {
        let rights =
            caller.isAdministrator
            ? nil
            : ReadingRights(of: caller.user, stateDirectory: stateDirectory, folders: inputs.map { [$0] } ?? [])
        let arguments = (rights?.arguments ?? []) + SubstituteFiles.arguments(inputs)
        return Resident(path: name, worker: try worker(log: "\(name).log", arguments))
    }

    // MARK: Use

    func begin(_ model: Resident, keepAlive: KeepAlive?) {
        table.begin(model.path, keepAlive: keepAlive, at: MonotonicClock.seconds)
        scheduleExpiry()
    }

    /// A request has ended: what the model takes now is measured, and what has no place any more goes.
    func end(_ model: Resident) {
        guard table[model.path]?.model === model else { return }
        table.end(model.path, at: MonotonicClock.seconds)
        measure(model.path)
        for other in table.takeExcess(keeping: model.path) { other.kill() }
        expire()
    }

    /// Ends a worker that holds nothing: what it was started for has failed, and nothing else was asked of it.
    func endIfEmpty(_ model: Resident) {
        func isUseless() -> Bool { table[model.path]?.model === model && table[model.path]?.uses == 0 && !model.hasServed }
        guard isUseless() else { return }
        // It may hold a model although the request failed, as one does whose prompt is too long.
        _ = model.call(WorkerMethod.info, [:], progress: { _ in }) { [weak self] result in
            let info = try? result.get().decoded(as: WorkerInfo.self)
            model.weightsLoaded = model.weightsLoaded || info?.weightsLoaded == true
            guard let self, !model.weightsLoaded, isUseless() else { return }
            self.table.remove(model.path)
            self.scheduleExpiry()
            model.kill()
        }
    }

    /// Ends every idle model but one; false when there was none.
    func makeRoomAfterOutOfMemory(for path: String) -> Bool {
        let ended = table.endIdle(except: path)
        ended.forEach { $0.kill() }
        return !ended.isEmpty
    }

    private func measure(_ key: String) {
        guard let process = table[key]?.model.worker.process, let usage = MemoryUsage(process: process) else { return }
        table.measured(key, anonymous: usage.anonymous, shared: usage.shared)
    }

    private func expire() {
        for model in table.takeExpired(at: MonotonicClock.seconds) { model.kill() }
        scheduleExpiry()
    }

    private func scheduleExpiry() {
        if let expiryTimer { loop.cancel(expiryTimer) }
        expiryTimer = table.nextExpiry.map { expiry in
            loop.after(expiry - MonotonicClock.seconds) { [weak self] in self?.expire() }
        }
    }

    // MARK: Leaving

    func unload(_ path: String, for caller: Caller) throws -> ResidentModel {
        guard let entry = table[path] else {
            throw ServiceError(.notFound, "\(path) is not resident", hint: "`tunectl models` lists those that are")
        }
        guard caller.isAdministrator || entry.model.users.isSubset(of: [caller.user]) else {
            throw ServiceError(
                .permission, "\(path) is in use by other users too",
                hint: "it is unloaded when it is not used for a while")
        }
        let shown = description(of: entry, for: caller)
        table.remove(path)
        entry.model.kill(
            reason: ServiceError(.cancelled, "the model was unloaded before the answer was complete"))
        scheduleExpiry()
        return shown
    }

    func unloadAll() {
        for key in table.keys {
            table.remove(key)?.kill(reason: ServiceError(.shuttingDown, "the daemon is stopping"))
        }
    }

    func description(of model: Resident, for caller: Caller) -> ResidentModel? {
        measure(model.path)
        guard let entry = table[model.path], entry.model === model else { return nil }
        return description(of: entry, for: caller)
    }

    private func description(of entry: ResidentTable<Resident>.Entry, for caller: Caller) -> ResidentModel {
        let model = entry.model
        let usage = MemoryUsage(process: model.worker.process)
        let shown = ResidentModel(
            model: model.path,
            adapters: model.adapters(visibleTo: caller).map(\.adapter), weightsLoaded: model.weightsLoaded,
            worker: model.worker.process, requestsInFlight: entry.uses, lastUsedAt: model.lastUsedAt,
            residentBytes: usage?.resident, anonymousBytes: usage?.anonymous, sharedBytes: usage?.shared,
            keepAlive: entry.keepAlive.description,
            expiresAt: entry.expiry.map { Timestamp.now(later: $0 - MonotonicClock.seconds) })
        return caller.view(of: shown, usedBy: model.users)
    }
}

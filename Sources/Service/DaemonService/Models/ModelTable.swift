import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import RunConfiguration
import ServiceAPI
import WorkerSupervision

/// Resident models: one worker for each model folder and user. `ResidentTable` decides; this starts and ends the
/// workers.
final class ModelTable {
    private var table: ResidentTable<ResidentKey, Resident>
    private let program: WorkerProgram
    private let stateDirectory: String
    var limits: DaemonLimits
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

    private static func tableLimits(_ limits: DaemonLimits) -> ResidentLimits {
        ResidentLimits(models: limits.residentModels, memory: limits.modelMemory, keepAlive: limits.keepAlive)
    }

    var count: Int { table.count }

    func list(visibleTo caller: Caller) -> [ResidentModel] {
        for key in table.keys { measure(key) }
        return table.keys.compactMap { key in table[key].map { description(of: $0, for: caller) } }
    }

    func adapters(of path: String?, visibleTo caller: Caller) -> [ResidentAdapter] {
        residents(of: path, visibleTo: caller).flatMap(\.adapters)
    }

    /// The worker of a folder that holds an adapter.
    func resident(_ path: String, holding adapter: String, visibleTo caller: Caller) -> Resident? {
        residents(of: path, visibleTo: caller).first { $0.adapters.contains { $0.adapter == adapter } }
    }

    private func residents(of path: String?, visibleTo caller: Caller) -> [Resident] {
        table.keys.filter { (path == nil || $0.model == path) && caller.maySeeModel(readFor: $0.user) }
            .compactMap { table[$0]?.model }
    }

    // MARK: Finding and starting

    /// The folder's worker, started when there is none.
    ///
    /// - Parameters:
    ///   - settings: how the model is read
    ///   - rights: what it may read; nobody with other rights is answered by it
    ///   - weights: whether the request needs the weights, for which there must be room
    func resident(
        _ path: String, _ settings: ModelSettings, rights: ReadingRights?, weights: Bool
    ) throws -> Resident {
        let key = ResidentKey(model: path, settings: settings, user: rights?.user)
        table.limits = Self.tableLimits(limits)
        // Its process has ended, and the news of it is on the way.
        if table[key]?.model.worker.isEnding == true { table.remove(key) }
        if let uses = table[key]?.uses, uses >= limits.requestsPerModel {
            throw ServiceError(
                .busy, "\(uses) requests are waiting for \(path)",
                hint: "try again later, or raise limits.requests_per_model in finetuned.yaml")
        }
        do {
            let resident = try table.obtain(
                key, expecting: weights ? Self.weightBytes(of: path) : 0, at: MonotonicClock.seconds,
                isOutOfMemory: { ($0 as? SystemError)?.code == ENOMEM }, load: { try start(key, rights) },
                end: { $0.kill() })
            resident.tell(rights)
            return resident
        } catch let refusal as ResidentRefusal {
            throw error(refusal, path)
        }
    }

    private func error(_ refusal: ResidentRefusal, _ path: String) -> ServiceError {
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
        if ModelFolder.isModelFile(folder) { return FileSystem.size(of: folder) ?? 0 }
        return weightBytes(inFolder: folder)
    }

    private static func weightBytes(inFolder folder: String) -> Int {
        ((try? FileSystem.entries(of: folder)) ?? []).filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
            .reduce(0) { sum, name in
                // Sparse files can claim any size.
                let (total, isTooMuch) = sum.addingReportingOverflow(FileSystem.size(of: "\(folder)/\(name)") ?? 0)
                return isTooMuch ? .max : total
            }
    }

    private func start(_ key: ResidentKey, _ rights: ReadingRights?) throws -> Resident {
        let identity = ([key.model] + key.settings.overrides).joined(separator: " ")
        let name = FileHash.of(identity).prefix(12) + (key.user.map { "-\($0)" } ?? "")
        let model = Resident(key: key, rights: rights, worker: try worker(log: "\(name).log", rights?.arguments ?? []))
        model.onEnd = { [weak self, weak model] in
            guard let self, let model, self.table[key]?.model === model else { return }
            self.table.remove(key)
        }
        return model
    }

    private func worker(log: String, _ arguments: [String]) throws -> Worker {
        var program = program
        if limits.workerThreads > 0 { program.environment.append("FINETUNED_THREADS=\(limits.workerThreads)") }
        let logs = stateDirectory + "/models"
        try FileSystem.createDirectories(logs, mode: 0o700)
        return try Worker(
            program, arguments: arguments, logPath: "\(logs)/\(log)",
            memory: WorkerMemory(limit: limits.workerMemory), loop: loop)
    }

    /// A worker for one request; it belongs to no model and is not listed.
    ///
    /// - Parameters:
    ///   - rights: what it may read
    ///   - inputs: the folder of files that came with the request, which it may read too
    func oneShot(_ name: String, _ rights: ReadingRights?, inputs: String? = nil) throws -> Resident {
        var rights = rights
        if let inputs { rights?.open.append(FileSystem.canonicalPath(inputs) ?? inputs) }
        let arguments = (rights?.arguments ?? []) + SubstituteFiles.arguments(inputs)
        return Resident(
            key: ResidentKey(model: name, user: rights?.user), rights: rights,
            worker: try worker(log: "\(name).log", arguments))
    }

    // MARK: Use

    func begin(_ model: Resident, keepAlive: KeepAlive?) {
        table.begin(model.key, keepAlive: keepAlive, at: MonotonicClock.seconds)
        scheduleExpiry()
    }

    /// A request has ended: what the model takes now is measured, and what has no place any more goes.
    func end(_ model: Resident) {
        guard table[model.key]?.model === model else { return }
        table.end(model.key, at: MonotonicClock.seconds)
        measure(model.key)
        for other in table.takeExcess(keeping: model.key) { other.kill() }
        expire()
    }

    /// Ends a worker that holds nothing: what it was started for has failed, and nothing else was asked of it.
    func endIfEmpty(_ model: Resident) {
        func isUseless() -> Bool {
            table[model.key]?.model === model && table[model.key]?.uses == 0 && !model.hasServed
        }
        guard isUseless() else { return }
        // It may hold a model although the request failed, as one does whose prompt is too long.
        _ = model.call(WorkerMethod.info, [:], progress: { _ in }) { [weak self] result in
            let info = try? result.get().decoded(as: WorkerInfo.self)
            model.weightsLoaded = model.weightsLoaded || info?.weightsLoaded == true
            guard let self, !model.weightsLoaded, isUseless() else { return }
            self.table.remove(model.key)
            self.scheduleExpiry()
            model.kill()
        }
    }

    /// Ends every idle model but one; false when there was none.
    func makeRoomAfterOutOfMemory(for model: Resident) -> Bool {
        let ended = table.endIdle(except: model.key)
        ended.forEach { $0.kill() }
        return !ended.isEmpty
    }

    private func measure(_ key: ResidentKey) {
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

    /// Ends the caller's worker of a folder; an administrator ends those of everybody.
    func unload(_ path: String, for caller: Caller) throws -> ResidentModel {
        let keys = table.keys.filter { $0.model == path && caller.maySeeModel(readFor: $0.user) }
        guard let first = keys.first.flatMap({ table[$0] }) else {
            throw ServiceError(.notFound, "\(path) is not resident", hint: "`tunectl models` lists those that are")
        }
        let shown = description(of: first, for: caller)
        for key in keys {
            table.remove(key)?.kill(
                reason: ServiceError(.cancelled, "the model was unloaded before the answer was complete"))
        }
        scheduleExpiry()
        return shown
    }

    func unloadAll() {
        for key in table.keys {
            table.remove(key)?.kill(reason: ServiceError(.shuttingDown, "the daemon is stopping"))
        }
    }

    func description(of model: Resident, for caller: Caller) -> ResidentModel? {
        measure(model.key)
        guard let entry = table[model.key], entry.model === model else { return nil }
        return description(of: entry, for: caller)
    }

    private func description(of entry: ResidentEntry<Resident>, for caller: Caller) -> ResidentModel {
        let model = entry.model
        let usage = MemoryUsage(process: model.worker.process)
        let shown = ResidentModel(
            model: model.key.model,
            settings: model.key.settings == .none ? nil : model.key.settings.overrides,
            adapters: model.adapters.map(\.adapter), weightsLoaded: model.weightsLoaded,
            worker: model.worker.process, requestsInFlight: entry.uses, lastUsedAt: model.lastUsedAt,
            residentBytes: usage?.resident, anonymousBytes: usage?.anonymous, sharedBytes: usage?.shared,
            keepAlive: entry.keepAlive.description,
            expiresAt: entry.expiry.map { Timestamp.now(later: $0 - MonotonicClock.seconds) })
        return caller.view(of: shown, readFor: model.key.user)
    }
}

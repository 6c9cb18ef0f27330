import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

/// Memory plans of jobs that are to start: what is being planned, and what was found.
struct JobPlanning {
    /// The plan that is being made; one at a time.
    var current: (id: String, worker: Worker)?
    /// Jobs that start without a plan: those of other kinds, and those whose plan could not be made.
    var unplanned: Set<String> = []
    /// Why jobs that need too much cannot run, with what would fit.
    var refusals: [String: ServiceError] = [:]
    /// The machine's speed at each precision of products, measured with its first plan.
    var speeds: [String: MemoryPlan.Speed] = [:]
}

extension JobTable {
    /// Jobs at the head of the queue that are planned before their turn, so that what cannot fit is told early.
    private static let plannedAhead = 8
    /// A plan that takes longer is given up. It goes through the data as the run would.
    private static let mostSeconds = 600.0

    /// Whether a queued job waits for its plan before it may start.
    func needsPlan(_ id: String) -> Bool {
        guard machine.memoryBytes != nil, let job = queue[id] else { return false }
        return job.memoryBytes == nil && !job.isDelayed && !planning.unplanned.contains(id)
    }

    /// Begins the plan of the next job that needs one.
    func planNext() {
        guard planning.current == nil, whenStopped == nil else { return }
        while let id = queue.jobs.prefix(Self.plannedAhead).map(\.id).first(where: needsPlan) {
            do {
                if try beginPlan(of: id) { return }
                planning.unplanned.insert(id)
            } catch {
                give(up: id, because: "\(error)")
            }
        }
    }

    /// - Returns: false for a job that runs without a plan
    private func beginPlan(of id: String) throws -> Bool {
        let stored = try store.job(id)
        guard stored.job.kind == .train else { return false }
        try FileSystem.createDirectories(folder(of: id), mode: 0o700)
        let question = try JSONValue(
            encoding: WorkerPlan.Parameters(
                config: stored.config, overrides: stored.overrides, workingDirectory: stored.job.workingDirectory,
                threads: stored.job.threads ?? Scheduler.threads(policy: policy, machine: machine),
                budget: machine.memoryBytes, share: limits.memoryShare,
                speed: planning.speeds[stored.job.matmulPrecision ?? ""]))
        let worker = try Worker(
            program, arguments: try readingArguments(stored), logPath: folder(of: id) + "/plan.log",
            memory: WorkerMemory(limit: limits.workerMemory), loop: loop
        )
        planning.current = (id, worker)
        // It keeps the worker until its process has ended and is reaped.
        worker.onExit = { [weak self] error in
            guard let self, self.planning.current?.worker === worker else { return }
            self.planEnded(id, .failure(error))
        }
        worker.call(WorkerPlan.name, question) { [weak self, weak worker] result in
            guard let self, let worker, self.planning.current?.worker === worker else { return }
            worker.kill()
            self.planEnded(
                id,
                Result { try result.get().decoded(as: MemoryPlan.self) }
                    .mapError { ServiceError(.internalError, "\($0)") })
        }
        loop.after(Self.mostSeconds) { [weak worker] in worker?.kill() }
        return true
    }

    /// Ends the plan that is being made; another daemon makes it anew.
    func stopPlanning() {
        planning.current?.worker.kill()
        planning.current = nil
    }

    private func planEnded(_ id: String, _ result: Result<MemoryPlan, ServiceError>) {
        planning.current = nil
        switch result {
        case .success(let plan):
            planning.speeds[plan.matmulPrecision] = plan.speed
            if !plan.fits { planning.refusals[id] = Self.refusal(of: id, plan) }
            do {
                try setNeeds(of: id, plan)
                // Also where the queue is busy and would come to it much later.
                if !plan.fits, queue[id] != nil { refuseImpossible(id) }
            } catch {
                give(up: id, because: "\(error)")
                startWhatMayRun()
            }
        case .failure(let error):
            // Whatever is wrong with the run, its own worker says it with the place and a hint.
            give(up: id, because: error.message)
            startWhatMayRun()
        }
    }

    private func give(up id: String, because reason: String) {
        planning.unplanned.insert(id)
        logger.debug("a job starts without a memory plan", ["job": id, "reason": reason])
    }

    private static func refusal(of id: String, _ plan: MemoryPlan) -> ServiceError {
        let parts = plan.parts.filter { $0.bytes >= 1 << 20 }.map {
            "\($0.name.replacing("_", with: " ")) \($0.bytes >> 20)"
        }
        let alternative = plan.alternative.map {
            "it would fit with \($0.overrides.joined(separator: " ")) (\($0.peakAnonymousBytes >> 20) MiB)"
        }
        return ServiceError(
            .outOfMemory,
            "the job needs \(plan.reservation >> 20) MiB (\(parts.joined(separator: ", "))), jobs may use "
                + "\((plan.budgetBytes ?? 0) >> 20) MiB in all",
            hint: alternative ?? "use a smaller per_device_train_batch_size or cutoff_len, or freeze more", job: id)
    }
}

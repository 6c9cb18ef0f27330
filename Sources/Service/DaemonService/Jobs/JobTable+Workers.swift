import JSONDocuments
import JSONRPC
import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

extension JobTable {
    /// Starts a queued job's worker.
    func start(_ id: String) {
        do {
            var stored = try store.job(id)
            stored.job.attempt += 1
            stored.job.startedAt = stored.job.startedAt ?? Timestamp.now()
            stored.job.error = nil
            stored.job.threads =
                min(stored.job.threads ?? Scheduler.threads(policy: policy, machine: machine), machine.cores)
            // A job that has been at work has its times; they belong to the attempt that made them.
            stored.job.progress?.remaining = nil
            try FileSystem.createDirectories(folder(of: id), mode: 0o700)
            let metrics = try MetricsLog(path: metricsPath(of: id))
            try apply(.started, to: &stored, fields: ["attempt": .integer(Int64(stored.job.attempt))])
            do {
                try startWorker(stored, metrics)
            } catch {
                try fail(&stored, MethodDispatch.serviceError(error))
                loop.after(0) { [weak self] in self?.startWhatMayRun() }
            }
        } catch {
            // For example a full disk: the job keeps its place.
            tryLater("a job could not be started", id, error)
        }
    }

    private func startWorker(_ stored: StoredJob, _ metrics: MetricsLog) throws {
        let id = stored.job.id
        let (method, parameters) = try request(for: stored)
        let worker = try Worker(
            program, arguments: try writingArguments(stored), logPath: logPath(of: id), memory: memory(for: stored.job),
            loop: loop)
        running[id] = RunningJob(stored: stored, worker: worker, metrics: metrics)
        worker.peer.onNotification = { [weak self] method, parameters in self?.heard(method, parameters, from: id) }
        worker.onExit = { [weak self] error in self?.workerEnded(id, error) }
        worker.call(method, parameters) { [weak self] result in self?.answered(id, result) }
    }

    /// What a worker is asked to do for a job.
    private func request(for stored: StoredJob) throws -> (method: String, parameters: JSONValue) {
        let (job, threads) = (stored.job, stored.job.threads ?? 0)
        if job.kind == .generate {
            let parameters = WorkerGenerateBatch.Parameters(
                job: job.id, config: stored.config, overrides: stored.overrides,
                workingDirectory: job.workingDirectory, input: job.input ?? "", attempt: job.attempt, threads: threads)
            return (WorkerGenerateBatch.name, try JSONValue(encoding: parameters))
        }
        let parameters = WorkerTrain.Parameters(
            job: job.id, config: stored.config, overrides: stored.overrides, workingDirectory: job.workingDirectory,
            attempt: job.attempt, threads: threads, keepBelowBytes: job.memory?.keepBelowBytes)
        let method = job.kind == .export ? WorkerExport.name : WorkerTrain.name
        return (method, try JSONValue(encoding: parameters))
    }

    // MARK: What workers say

    private func heard(_ method: String, _ parameters: JSONValue?, from id: String) {
        guard method == WorkerEvent.name, let job = running[id],
            let event = try? parameters?.decoded(as: WorkerEvent.self)
        else { return }
        job.events.append((event.kind, event.fields))
        job.apply(event)
        noteChange()
        flushSoon(job, after: 0.05)
    }

    /// Steps may follow each other within milliseconds; a write to the disk holds those of a short while.
    private func flushSoon(_ job: RunningJob, after seconds: Double) {
        if job.flushIsDue { return }
        job.flushIsDue = true
        let id = job.stored.job.id
        loop.after(seconds) { [weak self, weak job] in
            guard let job, self?.running[id] === job else { return }
            job.flushIsDue = false
            do {
                try self?.flush(id)
            } catch {
                job.dropSuperfluousFigures()
                self?.flushSoon(job, after: 1)
            }
        }
    }

    /// Makes durable what the worker has said, in its order: figures in their log, the rest in the store.
    ///
    /// A number is given only when all before it are on the disk, so a crash leaves no gap.
    func flush(_ id: String) throws {
        guard let job = running[id] else { return }
        while let first = job.events.first {
            let part = Array(job.events.prefix { $0.0.isMetric == first.0.isMetric })
            if first.0.isMetric {
                let events = try job.metrics.append(part, after: job.stored.lastSequence, at: Timestamp.now())
                job.stored.lastSequence += Int64(events.count)
                tell(id, events)
            } else {
                var stored = job.stored
                try record(&stored, part)
            }
            job.events.removeFirst(part.count)
        }
    }

    private func answered(_ id: String, _ result: Result<JSONValue, RPCError>) {
        guard let job = running[id] else { return }
        // A short run may end before it is looked at otherwise.
        job.worker.measureMemory()
        switch result {
        case .success(let value):
            job.outcome = Result { try value.decoded(as: WorkerTrain.Result.self) }
                .mapError { ServiceError(.internalError, "the worker's answer cannot be read: \($0)") }
        case .failure(let error):
            if error.code == -32000 { return }  // The connection ended; the worker's exit tells why.
            job.outcome = .failure(ServiceError(error))
        }
        // It has nothing more to do; should it not end by itself, it is ended.
        job.worker.peer.closeWhenSent()
        loop.after(5) { [weak worker = job.worker] in worker?.kill() }
    }

    // MARK: The end of a worker

    private func workerEnded(_ id: String, _ exit: ServiceError) {
        running[id]?.exit = exit
        settle(id)
    }

    /// Records how a worker ended; while the store cannot be written this is tried again, and the job counts as running.
    private func settle(_ id: String) {
        guard let job = running[id], let exit = job.exit else { return }
        do {
            try flush(id)
            var stored = job.stored
            let peak = max(stored.job.memory?.peakBytes ?? 0, job.worker.peakAnonymous)
            stored.job.memory?.peakBytes = peak
            try conclude(&stored, job.outcome, exit)
            if stored.job.state == .succeeded {
                durations[stored.job.kind, default: MeanDuration()].add(MonotonicClock.seconds - job.startedAt)
            }
        } catch {
            logger.error("a job's end could not be recorded", ["job": id, "reason": "\(error)"])
            // A daemon that stops leaves it to the next one, which finds the job running.
            if whenStopped == nil {
                loop.after(1) { [weak self] in self?.settle(id) }
                return
            }
        }
        running[id] = nil
        if running.isEmpty, let whenStopped {
            whenStopped()
        } else {
            startWhatMayRun()
        }
    }

    private func conclude(
        _ stored: inout StoredJob, _ outcome: Result<WorkerTrain.Result, ServiceError>?, _ exit: ServiceError
    ) throws {
        let isStopping = whenStopped != nil
        let why: JSONObject = isStopping && stored.job.wish == nil ? ["reason": "the daemon is stopping"] : [:]
        switch outcome {
        case .success(let result)?:
            stored.job.metrics = result.metrics
            try apply(result.outcome == "finished" ? .workerFinished : .workerStopped, to: &stored, fields: why)
        case nil where isStopping: try apply(.workerStopped, to: &stored, fields: why)
        case .failure(let error)?: try fail(&stored, error)
        case nil: try fail(&stored, exit)
        }
    }

    /// Retries what may succeed, ends what would fail again.
    func fail(_ stored: inout StoredJob, _ error: ServiceError) throws {
        let id = stored.job.id
        var failed = stored
        var error = error
        error.job = id
        if error.kind.isTransient { failed.failures += 1 }
        switch Scheduler.afterFailure(error.kind, failures: failed.failures, policy: policy) {
        case .fail:
            if failed.job.wish != .cancel { failed.job.error = error }
            try apply(.workerFailed(isRetried: false), to: &failed)
        case .retry(let seconds):
            if failed.job.wish == nil { retries[id] = MonotonicClock.seconds + seconds }
            do {
                try apply(
                    .workerFailed(isRetried: true), to: &failed,
                    fields: ["reason": .string(error.message), "retry_in": .number(seconds)])
            } catch {
                retries[id] = nil
                throw error
            }
            if failed.job.state == .queued { retry(id, after: seconds) }
        }
        stored = failed
    }

    private func retry(_ id: String, after seconds: Double) {
        loop.after(seconds) { [weak self] in
            guard let self, self.retries.removeValue(forKey: id) != nil, var job = self.queue[id] else { return }
            job.isDelayed = false
            self.queue.insert(job)
            self.startWhatMayRun()
        }
    }
}

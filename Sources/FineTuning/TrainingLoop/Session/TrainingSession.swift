import Checkpoints
import Datasets
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Tensors
import TrainingStages

/// Does what the run's values decide: makes updates, and between them what the agenda says.
///
/// `progress` is replaced after each whole action, so that a stop at any moment finds a state to go on from.
final class TrainingSession {
    private let prepared: PreparedRun
    private let isContinuation: Bool
    private let control: TrainingControl
    private let report: (TrainingEvent) -> Void

    private let steps: StepOrder
    private let agenda: RunAgenda
    private let bestRule: BestModelRule?
    private let rule: UpdateRule
    private let engine: UpdateEngine
    private let evaluator: Evaluator
    private let source: any BatchSource
    private let saver: RunSaver
    private let recorder: RunRecorder

    private var progress: RunProgress
    private var span: RunSpan

    private var configuration: RunConfiguration { prepared.configuration }

    init(
        run: TrainingRun, prepared: PreparedRun, output: OutputFolder, resume: ResumeDecision,
        control: TrainingControl, report: @escaping (TrainingEvent) -> Void
    ) throws {
        let configuration = prepared.configuration
        self.prepared = prepared
        self.control = control
        self.report = report
        isContinuation = run.isContinuation
        steps = try StepOrder(configuration, items: prepared.itemCount)
        bestRule = BestModelRule(configuration)
        let decisions = StepDecisions(configuration, totalSteps: steps.plan.totalSteps)
        agenda = RunAgenda(
            decisions: decisions, evaluations: prepared.evaluations.count, judges: bestRule != nil)
        rule = try UpdateRule(
            configuration, model: prepared.model, totalSteps: steps.plan.totalSteps, note: { report(.note($0)) })
        engine = UpdateEngine(
            configuration, stage: prepared.stage, model: prepared.model, rule: rule, keepBelow: run.keepBelow,
            control: control)
        evaluator = Evaluator(engine: engine, configuration: configuration)
        let streamed = prepared.stream.map(steps.streamed)
        source = streamed ?? steps.listed(prepared.training)
        let conditions = CheckpointManifest.Conditions(
            configuration, dataHash: prepared.dataHash, blas: try BLAS.load())
        var resumed: RunProgress?
        if case .resume(let path, _) = resume {
            resumed = try RestoredState(
                from: path, model: prepared.model, rule: rule, conditions: conditions, report: report
            ).progress
            saver = RunSaver(
                prepared, rule: rule, output: output, identifier: run.identifier, conditions: conditions,
                resumed: (resumed?.step ?? 0, path))
        } else {
            saver = RunSaver(
                prepared, rule: rule, output: output, identifier: run.identifier, conditions: conditions, resumed: nil)
        }
        progress = resumed ?? RunProgress()
        span = RunSpan(progress)
        recorder = RunRecorder(
            configuration,
            log: try TrainerLog(in: output, keepingStepsUpTo: progress.step, lines: progress.memory.logLines),
            totalSteps: steps.plan.totalSteps, report: report)
        progress.memory.logLines = recorder.lineCount
        if let note = progress.adopt(
            decisions, steps, patience: configuration[Parameters.earlyStoppingSteps], isStreamed: streamed != nil)
        {
            report(.note(note))
        }
        if resumed == nil {
            progress.memory.pending = agenda.atStart(evaluates: configuration[Parameters.evalOnStart])
        } else {
            if isContinuation { try saver.tidyUp(progress) }
            try findPlace(in: streamed)
        }
    }

    /// Goes to where the checkpoint's data stood, or skips no data where that is asked for.
    private func findPlace(in streamed: StreamedBatches?) throws {
        if configuration[Parameters.ignoreDataSkip], !isContinuation {
            progress.memory.dataLag = progress.step % source.updatesPerEpoch
            progress.memory.stream = nil
        } else if let streamed {
            if let place = progress.memory.stream {
                try streamed.goOn(from: place)
            } else {
                // A checkpoint that another program made does not say where.
                for step in 0..<progress.step { _ = try streamed.batches(ofStep: step) }
            }
        }
    }

    /// Trains, evaluates and writes the final files.
    func perform() throws -> TrainingRun.Outcome {
        var metrics: JSONObject = [:]
        do {
            let finisher = RunFinisher(
                prepared: prepared, saver: saver, recorder: recorder, steps: steps, isContinuation: isContinuation,
                report: report)
            if configuration[Parameters.doTrain] {
                try train()
                if configuration.evaluates, finisher.bestToLoad(progress) != nil {
                    // After that the weights are no longer those of the last step, and a stop finds none to keep.
                    try keep(for: .pause)
                }
                metrics = try finisher.finishTraining(progress, span: span)
            }
            if configuration.evaluates {
                let final = try finisher.evaluate(by: evaluator, progress)
                for (key, value) in final { metrics[key] = value }
            }
            if configuration[Parameters.doTrain] {
                try saver.finish(progress, loaded: finisher.bestToLoad(progress))
            }
        } catch is TrainingStopped {
            try keep(for: .pause)
            return .init(isFinished: false, step: progress.step, metrics: metrics)
        } catch let error as NotFinite {
            // Of an update that was given up nothing is left: what is no number now was none before.
            try prepared.model.requireFinite(in: configuration[Parameters.modelNameOrPath] ?? "")
            throw TrainingError.notFinite(
                what: error.what, value: error.value, step: progress.step + 1,
                lastCheckpoint: saver.newestCheckpoint?.path)
        }
        return .init(isFinished: true, step: progress.step, metrics: metrics)
    }

    private func train() throws {
        report(.phase(.training))
        try performPending()
        while progress.step < steps.plan.totalSteps, !progress.state.endsEarly {
            try update()
            try performPending()
            try answerCheckpointRequests()
        }
    }

    private func update() throws {
        let batches = try source.batches(ofStep: progress.step - progress.memory.dataLag)
        let result = try engine.update(batches, step: progress.step, memory: progress.memory.stage)
        progress.take(
            result, epoch: batches.epochAfter, operationsPerToken: 6 * Double(prepared.model.countForOperations),
            stream: (source as? StreamedBatches)?.place)
        progress.memory.endsEpoch = batches.endsEpoch
        progress.memory.pending = agenda.after(
            step: progress.step, epoch: progress.state.epoch, endsEpoch: batches.endsEpoch)
        span.take(tokens: result.tokens.real, loss: result.update.loss)
        let elapsed = span.elapsed
        report(
            .step(
                StepReport(
                    step: progress.step, totalSteps: steps.plan.totalSteps, epoch: progress.state.epoch,
                    loss: result.update.loss, gradientNorm: result.update.gradientNorm,
                    learningRate: result.update.learningRate, tokens: result.tokens.real,
                    tokensPerSecond: span.tokensPerSecond(elapsed: elapsed), elapsed: elapsed,
                    remaining: span.remaining(
                        step: progress.step, totalSteps: steps.plan.totalSteps, elapsed: elapsed),
                    isRecorded: agenda.decisions.afterStep(progress.step).logs)))
    }

    /// Does what is pending; an action leaves the list together with what it changes.
    private func performPending() throws {
        while let action = progress.memory.pending.first {
            if control.isStopping { throw TrainingStopped() }
            var next = progress
            next.memory.pending.removeFirst()
            switch action {
            case .log: try log(&next)
            case .evaluate(let number): try evaluate(number, &next)
            case .judge:
                guard let bestRule else { break }
                if let metric = next.evaluationFigures[bestRule.metric]?.double { rule.observe(metric) }
                try next.judge(by: bestRule, savesBest: agenda.decisions.saveStrategy == .best)
                if next.state.endsEarly { endEarly(&next) }
            case .save:
                report(.phase(.saving))
                try recorder.synchronize()
                let path = try saver.save(&next)
                report(.checkpoint(step: next.step, path: path))
                report(.phase(.training))
            }
            progress = next
        }
    }

    private func endEarly(_ progress: inout RunProgress) {
        guard let waited = progress.state.earlyStopping?.waited, progress.step < steps.plan.totalSteps else { return }
        report(.note("training ends at step \(progress.step): \(waited) evaluations in a row brought nothing better"))
        progress.memory.pending += agenda.atEarlyEnd(
            step: progress.step, epoch: progress.state.epoch, endsEpoch: progress.memory.endsEpoch ?? false)
    }

    private func log(_ progress: inout RunProgress) throws {
        guard let record = progress.takeRecord(prepared.stage) else { return }
        try recorder.add(
            record, to: &progress, as: .training, span: span, elapsed: span.elapsed, tellsSpeed: true)
    }

    private func evaluate(_ number: Int, _ progress: inout RunProgress) throws {
        // A run that goes on with other settings may have fewer.
        guard prepared.evaluations.indices.contains(number) else { return }
        report(.phase(.evaluating))
        let figures = try evaluator.figures(of: prepared.evaluations[number], memory: progress.memory.stage)
        try recorder.add(figures, to: &progress, as: .evaluation, span: span, elapsed: span.elapsed)
        report(.phase(.training))
    }

    private func answerCheckpointRequests() throws {
        let requests = control.takeCheckpointRequests()
        if requests.isEmpty { return }
        try keep(for: .requested)
        guard let (step, path) = saver.newestCheckpoint else { return }
        for answer in requests { answer(step, path) }
    }

    /// Makes sure that a checkpoint leads on from here.
    private func keep(for reason: RunSaver.Reason) throws {
        guard progress.step > 0 else { return }
        report(.phase(.saving))
        try recorder.synchronize()
        if let path = try saver.keep(progress, for: reason) {
            report(.checkpoint(step: progress.step, path: path))
        }
        report(.phase(.training))
    }
}

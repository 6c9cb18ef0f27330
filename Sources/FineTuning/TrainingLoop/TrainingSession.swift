import Checkpoints
import Datasets
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Tensors
import Tokenization
import TrainingStages

/// A run that is going on: its state, and what is done after each update.
final class TrainingSession {
    let run: TrainingRun
    let prepared: PreparedRun
    let output: OutputFolder
    let control: TrainingControl
    let report: (TrainingEvent) -> Void

    let plan: StepPlan
    let order: DataOrder
    let decisions: StepDecisions
    let bestRule: BestModelRule?
    let loss: CausalLoss
    let rule: UpdateRule
    let conditions: CheckpointManifest.Conditions

    var state: TrainerState
    var memory: RunState
    var log: TrainerLog
    let source: any BatchSource
    let clock: TrainingClock
    var lastCheckpoint: (step: Int, path: String)?
    /// Sum of the losses of this process' updates.
    var lossSinceStart = 0.0

    var configuration: RunConfiguration { prepared.configuration }

    init(
        run: TrainingRun, prepared: PreparedRun, output: OutputFolder, resume: ResumeDecision,
        control: TrainingControl, report: @escaping (TrainingEvent) -> Void
    ) throws {
        let configuration = prepared.configuration
        self.run = run
        self.prepared = prepared
        self.output = output
        self.control = control
        self.report = report
        let (batchSize, accumulation) = (
            configuration[Parameters.perDeviceTrainBatchSize], configuration[Parameters.gradientAccumulationSteps]
        )
        plan = try StepPlan(
            items: prepared.itemCount(batchSize: batchSize, accumulation: accumulation), batchSize: batchSize,
            accumulation: accumulation, epochs: configuration[Parameters.numTrainEpochs],
            maxSteps: configuration[Parameters.maxSteps], dropLast: configuration[Parameters.dataloaderDropLast])
        order = DataOrder(
            count: prepared.train.count, seed: UInt64(max(0, configuration.dataSeed)), batchSize: batchSize,
            accumulation: accumulation,
            shuffling: configuration[Parameters.disableShuffling] ? .none : .permutation)
        let dropsLast = configuration[Parameters.dataloaderDropLast]
        let totalSteps = plan.totalSteps
        let streamed = prepared.stream.map {
            StreamedBatches(
                $0, batchSize: batchSize, accumulation: accumulation, totalSteps: totalSteps, dropsLast: dropsLast)
        }
        source = streamed ?? ListedBatches(prepared.train, plan: plan, order: order, dropsLast: dropsLast)
        decisions = StepDecisions(configuration, totalSteps: plan.totalSteps)
        bestRule = BestModelRule(configuration)
        let learnsPadding = configuration[Parameters.stage] == .sft && !configuration[Parameters.ignorePadTokenForLoss]
        loss = CausalLoss(
            labelSmoothing: configuration[Parameters.labelSmoothingFactor],
            learnedPadding: learnsPadding ? prepared.tokenizer.padTokenID : nil,
            paddingMultiple: prepared.rules.paddingMultiple)
        rule = try UpdateRule(configuration, parameters: prepared.model.parameters, totalSteps: plan.totalSteps)
        conditions = CheckpointManifest.Conditions(
            configuration, dataHash: prepared.dataHash, blas: try BLAS.load())
        state = TrainerState()
        memory = RunState()
        if case .resume(let path, _) = resume {
            let restored = try RestoredState(
                from: path, model: prepared.model, rule: rule, conditions: conditions, report: report)
            state = restored.state
            memory = restored.memory
            lastCheckpoint = (state.step, path)
        }
        clock = TrainingClock(startStep: state.step, startTokens: state.inputTokensSeen)
        log = try TrainerLog(in: output, keepingStepsUpTo: state.step, bytes: memory.logBytes)
        state.totalSteps = plan.totalSteps
        // The reference's number for "until the steps are done".
        state.epochs = streamed == nil ? plan.epochs : .max
        state.loggingSteps = decisions.loggingSteps
        state.evaluationSteps = decisions.evaluationStrategy == .steps ? decisions.evaluationSteps : nil
        state.saveSteps = decisions.saveSteps
        if state.step > 0, state.trainBatchSize != batchSize {
            report(
                .note(
                    "the checkpoint was made with a batch size of \(state.trainBatchSize), this run has \(batchSize): "
                        + "the rest of the epoch sees other items"))
        }
        state.trainBatchSize = batchSize
        if state.step > 0, configuration[Parameters.ignoreDataSkip], !run.isContinuation {
            memory.dataLag = state.step % source.updatesPerEpoch
            memory.stream = nil
        } else if let streamed, state.step > 0 {
            try goOn(with: streamed)
        }
    }

    /// Takes the stream to where the checkpoint was made; one that another program made does not say where.
    private func goOn(with streamed: StreamedBatches) throws {
        if let place = memory.stream {
            try streamed.goOn(from: place)
        } else {
            for step in 0..<state.step { _ = try streamed.batches(ofStep: step) }
        }
    }

    /// Trains, evaluates and writes the final files.
    func perform() throws -> TrainingRun.Outcome {
        var metrics: JSONObject = [:]
        do {
            if configuration[Parameters.doTrain] {
                try train()
                metrics = try finishTraining()
            }
            if configuration.evaluates {
                let final = try finalEvaluation()
                for (key, value) in final { metrics[key] = value }
            }
        } catch is TrainingStopped {
            for parameter in prepared.model.parameters { parameter.clearGradient() }
            // A checkpoint of this very step knows what is left to do after it.
            if state.step > 0, lastCheckpoint?.step != state.step { try saveCheckpoint(isForStopping: true) }
            return .init(isFinished: false, step: state.step, metrics: metrics)
        }
        return .init(isFinished: true, step: state.step, metrics: metrics)
    }

    private func train() throws {
        report(.phase(.training))
        if configuration[Parameters.evalOnStart], state.step == 0 { try evaluateAndRecord() }
        try performPending()
        while state.step < plan.totalSteps {
            let batches = try source.batches(ofStep: state.step - memory.dataLag)
            try update(batches)
            memory.stream = (source as? StreamedBatches)?.place
            memory.pending = actions(endsEpoch: batches.endsEpoch)
            try performPending()
            try answerCheckpointRequests()
        }
    }

    private func answerCheckpointRequests() throws {
        let requests = control.takeCheckpointRequests()
        if requests.isEmpty { return }
        if lastCheckpoint?.step != state.step { try saveCheckpoint(isForStopping: true) }
        if let lastCheckpoint { for answer in requests { answer(lastCheckpoint.step, lastCheckpoint.path) } }
    }

    /// What follows the update just made, in order.
    private func actions(endsEpoch: Bool) -> [RunState.Action] {
        func list(_ due: StepDecisions.Due) -> [RunState.Action] {
            (due.logs ? [.log] : []) + (due.evaluates ? [.evaluate] : []) + (due.saves ? [.save] : [])
        }
        // An epoch also ends where the run does.
        let ends = endsEpoch || state.step >= plan.totalSteps
        return list(decisions.afterStep(state.step)) + (ends ? list(decisions.afterEpoch(state.epoch)) : [])
    }

    /// Does what is pending; an action leaves the list when it is done, so that a checkpoint knows what is left.
    private func performPending() throws {
        while let action = memory.pending.first {
            if control.isStopping { throw TrainingStopped() }
            switch action {
            case .log:
                memory.pending.removeFirst()
                if state.step > memory.lastLoggedStep { try logUpdate() }
            case .evaluate:
                let isBest = try evaluateAndRecord()
                memory.pending.removeFirst()
                if decisions.saveStrategy == .best, isBest { memory.pending.insert(.save, at: 0) }
            case .save:
                memory.pending.removeFirst()
                try saveCheckpoint()
            }
        }
    }
}

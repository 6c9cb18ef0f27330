import Adapters
import Checkpoints
import Datasets
import JSONDocuments
import LanguageModels
import LinuxSystem
import RunConfiguration
import Tensors
import TrainingStages
import WeightFiles

extension TrainingSession {
    /// One update: forward and backward for each micro-batch, then clipping, optimizer and schedule.
    func update(_ batches: UpdateBatches) throws {
        let groups = batches.parts.flatMap { part in
            let rows = part.map(loss.rows)
            let divisor = loss.divisor(of: rows.joined())
            return zip(part, rows).map { (items: $0, rows: $1, divisor: divisor) }
        }
        var total = 0.0
        var tokens = 0
        for (number, (items, rows, divisor)) in groups.enumerated() {
            if control.isStopping { throw TrainingStopped() }
            let tape = Tape(
                recording: true,
                randomness: RandomContext(
                    seed: UInt64(max(0, configuration[Parameters.seed])), step: state.step, microBatch: number),
                checkpointPolicy: CheckpointPolicy(configuration))
            let share = try loss.share(
                of: rows, divisor: divisor, model: prepared.model.base, adapter: prepared.model.adapter,
                on: tape)
            try requireFinite(share.value, "loss")
            if share.positions > 0 { try tape.backward(from: share.variable) }
            total += share.value
            tokens += items.reduce(0) { $0 + $1.inputIDs.count }
            count(items)
        }
        let result = try rule.update()
        try requireFinite(result.norm, "gradient norm")
        state.step += 1
        state.epoch = batches.epochAfter
        memory.unreportedLoss += total
        memory.totalLoss += total
        memory.lastGradientNorm = result.norm
        memory.lastLearningRate = result.learningRate
        lossSinceStart += total
        clock.tokens += tokens
        reportStep(loss: total, tokens: tokens)
    }

    private func requireFinite(_ value: Double, _ what: String) throws {
        guard !value.isFinite else { return }
        throw TrainingError.notFinite(
            what: what, value: value, step: state.step + 1, lastCheckpoint: lastCheckpoint?.path)
    }

    /// Counts what the reference would have put into its padded batch.
    private func count(_ items: [TrainingItem]) {
        let lengths = items.map(\.paddedLength)
        let padded = PaddedLength.tokens(of: lengths, multiple: prepared.rules.paddingMultiple)
        state.totalFlops += 6 * Double(padded) * Double(prepared.model.countWithoutEmbedding)
        switch configuration[Parameters.includeNumInputTokensSeen] {
        case .no: break
        case .all: state.inputTokensSeen += padded
        case .nonPadding:
            // Packed items without separation attend to their padding, so the reference counts it.
            state.inputTokensSeen += items.reduce(0) { sum, item in
                sum + (item.packing?.isSeparated == false ? item.paddedLength : item.inputIDs.count)
            }
        }
    }

    private func reportStep(loss: Double, tokens: Int) {
        let elapsed = clock.elapsed
        report(
            .step(
                StepReport(
                    step: state.step, totalSteps: plan.totalSteps, epoch: state.epoch, loss: loss,
                    gradientNorm: memory.lastGradientNorm, learningRate: memory.lastLearningRate, tokens: tokens,
                    tokensPerSecond: clock.tokensPerSecond, elapsed: elapsed,
                    remaining: clock.remaining(step: state.step, totalSteps: plan.totalSteps, elapsed: elapsed),
                    isRecorded: decisions.afterStep(state.step).logs)))
    }
}

import Checkpoints
import Datasets
import JSONDocuments
import RunConfiguration
import Testing
import TrainingLoop
import TrainingStages

/// How a run's progress changes, update by update and record by record.
struct ProgressTests {
    private func result(loss: Double, figure: Double, tokens: [Int]) -> UpdateEngine.Result {
        var update = StageUpdate()
        (update.loss, update.gradientNorm, update.learningRate) = (loss, loss * 10, 0.5)
        update.figures.add("figure", figure)
        var count = TokenCount()
        for length in tokens {
            let item = TrainingItem(
                inputIDs: [Int32](repeating: 1, count: length), labels: [Int32](repeating: 1, count: length))
            count.add([item], paddedTo: 8, counting: .nonPadding)
        }
        var memory = StageMemory()
        memory.numbers["mean"] = loss
        return .init(update: update, memory: memory, tokens: count)
    }

    @Test func aRecordIsOverTheUpdatesSinceTheLast() {
        let stage = SupervisedFineTuning()
        var progress = RunProgress()
        let nothing = progress.takeRecord(stage)
        #expect(nothing == nil)
        progress.take(result(loss: 3, figure: 1, tokens: [3]), epoch: 0.5, operationsPerToken: 10, stream: nil)
        progress.take(result(loss: 1, figure: 4, tokens: [9, 2]), epoch: 1, operationsPerToken: 10, stream: nil)
        #expect(progress.step == 2 && progress.state.epoch == 1)
        #expect(progress.state.totalFlops == 10 * (8 + 16 + 8) && progress.state.inputTokensSeen == 14)
        #expect(progress.memory.stage.numbers == ["mean": 1] && progress.memory.totalLoss == 4)
        let record = progress.takeRecord(stage)
        #expect(record == ["loss": 2.0, "grad_norm": 10.0, "learning_rate": 0.5, "figure": 2.5])
        let noMore = progress.takeRecord(stage)
        #expect(noMore == nil)
        progress.take(result(loss: 7, figure: 1, tokens: [1]), epoch: 1.5, operationsPerToken: 10, stream: nil)
        let next = progress.takeRecord(stage)
        #expect(next?["loss"] == 7.0 && progress.memory.totalLoss == 11)
    }

    @Test func recordsEndWithEpochTokensAndStep() {
        var progress = RunProgress()
        (progress.state.step, progress.state.epoch, progress.state.inputTokensSeen) = (4, 0.25, 99)
        let plain = progress.append(["loss": 1], counting: .no, speed: (2, 50))
        #expect(plain.keys == ["loss", "epoch", "step"])
        let counted = progress.append(["loss": 1], counting: .all, speed: (2, 50))
        #expect(counted["num_input_tokens_seen"] == 99 && counted["train_tokens_per_second"] == 25.0)
        let quiet = progress.append(["eval_loss": 1], counting: .all)
        #expect(quiet["train_runtime"] == nil && progress.state.logHistory == [plain, counted, quiet])
    }

    @Test func evaluationsOfAStepAreJudgedTogether() throws {
        var progress = RunProgress()
        progress.state.step = 1
        _ = progress.append(["eval_a_loss": 9, "eval_b_loss": 9], counting: .no)
        progress.state.step = 2
        _ = progress.append(["loss": 5], counting: .no)
        _ = progress.append(["eval_a_loss": 1], counting: .no)
        _ = progress.append(["eval_b_loss": 2], counting: .no)
        #expect(progress.evaluationFigures == ["eval_a_loss": 1, "eval_b_loss": 2])
        let rule = BestModelRule(metric: "eval_b_loss", largerIsBetter: false)
        progress.memory.pending = [.log]
        try progress.judge(by: rule, savesBest: true)
        #expect(progress.memory.pending == [.save, .log] && progress.state.bestStep == 2)
        try progress.judge(by: rule, savesBest: true)
        #expect(progress.memory.pending == [.save, .log], "an equal one is not better")
    }

    /// Tokens as they are, padded, and as `include_num_input_tokens_seen` wants them.
    @Test func tokensAreCountedPerMicroBatch() {
        func item(_ lengths: [Int], separated: Bool? = nil) -> TrainingItem {
            let ids = [Int32](repeating: 1, count: lengths.reduce(0, +))
            let packing = separated.map { TrainingItem.Packing(lengths: lengths, isSeparated: $0, padding: 4) }
            return TrainingItem(inputIDs: ids, labels: ids, packing: packing)
        }
        func count(_ batches: [[TrainingItem]], _ counting: InputTokenCount) -> TokenCount {
            batches.reduce(into: TokenCount()) { $0.add($1, paddedTo: 8, counting: counting) }
        }
        let plain = [[item([5]), item([11])], [item([2])]]
        #expect(count(plain, .no).real == 18 && count(plain, .no).padded == 40 && count(plain, .no).seen == 0)
        #expect(count(plain, .all).seen == 40 && count(plain, .nonPadding).seen == 18)
        let packs = [[item([3, 2], separated: true)], [item([3, 2], separated: false)]]
        #expect(count(packs, .nonPadding).seen == 5 + 9 && count(packs, .all).seen == 16 + 16)
    }

    @Test func progressSurvivesACheckpoint() throws {
        var progress = RunProgress()
        progress.take(
            result(loss: 3, figure: 1, tokens: [3]), epoch: 0.5, operationsPerToken: 1, stream: StreamedBatches.Place())
        progress.memory.pending = [.log, .evaluate(3), .judge, .save]
        let json = try JSONValue(encoding: progress.memory)
        #expect(try JSONValue(parsing: json.serializedBytes()).decoded(as: RunState.self) == progress.memory)
    }
}

/// Which items each update takes.
struct BatchSourceTests {
    private static let items = (0..<7).map { number in
        PreparedItem.sequence(TrainingItem(inputIDs: [Int32(number)], labels: [Int32(number)]))
    }

    private func numbers(_ batches: UpdateBatches) -> [[[Int32]]] {
        batches.groups.map { $0.map { $0.flatMap { $0.rows.flatMap(\.inputIDs) } } }
    }

    @Test func aListsLastUpdateOfAnEpochTakesWhatIsLeft() throws {
        let plan = try StepPlan(items: 7, batchSize: 2, accumulation: 3, epochs: 2)
        let order = DataOrder(count: 7, seed: 1, batchSize: 2, accumulation: 3, shuffling: .none)
        let source = ListedBatches(Self.items, plan: plan, order: order, dropsLast: false)
        #expect(source.updatesPerEpoch == 2)
        let updates = (0..<4).map { source.batches(ofStep: $0) }
        #expect(
            updates.map(numbers) == [[[[0, 1], [2, 3], [4, 5]]], [[[6]]], [[[0, 1], [2, 3], [4, 5]]], [[[6]]]])
        #expect(updates.map(\.endsEpoch) == [false, true, false, true])
        #expect(updates.map(\.epochAfter) == [0.75, 1, 1.75, 2])
    }

    /// What an epoch leaves goes into the next one's first update, as a group of its own.
    @Test func aStreamCarriesOver() throws {
        func stream() -> StreamedBatches {
            StreamedBatches(
                KeptItemStream(Self.items), batchSize: 2, accumulation: 3, totalSteps: 4, dropsLast: false)
        }
        let source = stream()
        var updates: [UpdateBatches] = []
        var places = [source.place]
        for step in 0..<4 {
            updates.append(try source.batches(ofStep: step))
            places.append(source.place)
        }
        #expect(
            updates.map(numbers) == [
                [[[0, 1], [2, 3], [4, 5]]], [[[6]], [[0, 1], [2, 3], [4, 5]]], [[[6]], [[0, 1], [2, 3], [4, 5]]],
                [[[6]], [[0, 1], [2, 3], [4, 5]]],
            ])
        #expect(updates.map(\.endsEpoch) == [true, true, true, true])
        for step in 0..<4 {
            let again = stream()
            try again.goOn(from: places[step])
            #expect(try again.batches(ofStep: step) == updates[step])
        }
    }

    @Test func aStreamTooShortForAnUpdateSaysSo() {
        let source = StreamedBatches(
            KeptItemStream(Self.items), batchSize: 2, accumulation: 9, totalSteps: 4, dropsLast: false)
        #expect(throws: DataError.self) { try source.batches(ofStep: 0) }
    }
}

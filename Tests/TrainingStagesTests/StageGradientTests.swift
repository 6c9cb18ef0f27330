import Datasets
import JSONDocuments
import LanguageModels
import RunConfiguration
import Tensors
import Testing
import TrainingStages

/// Whole stages over a tiny model: what they return for each parameter is the slope of what they return as loss.
struct StageGradientTests {
    private static let configuration: JSONValue = [
        "model_type": "qwen2", "vocab_size": 23, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "initializer_range": 0.3, "tie_word_embeddings": false, "summary_dropout_prob": 0.0,
    ]

    private let model: DecoderModel
    private let learner: Learner

    init() throws {
        let configuration = try ModelConfiguration(Self.configuration)
        model = try DecoderModel.initialized(configuration, seed: 3)
        learner = Learner(
            policy: Network(model), reference: Network(try DecoderModel.initialized(configuration, seed: 4)),
            valueHead: try ValueHead.fresh(configuration, seed: 5))
    }

    private static func answer(_ tokens: ClosedRange<Int32>) -> TrainingItem {
        TrainingItem(inputIDs: [1, 2] + tokens, labels: [-100, -100] + tokens)
    }

    static let pairs: [PreparedItem] = [
        .preference(PreferencePair(chosen: answer(3...7), rejected: answer(8...9))),
        .preference(PreferencePair(chosen: answer(10...11), rejected: answer(12...18))),
    ]
    static let feedback: [PreparedItem] = [
        .feedback(FeedbackItem(target: answer(3...7), mismatched: answer(8...9), isDesired: true)),
        .feedback(FeedbackItem(target: answer(10...11), mismatched: answer(12...18), isDesired: false)),
        .feedback(FeedbackItem(target: answer(4...5), mismatched: answer(3...7), isDesired: true)),
    ]

    /// Stages with everything on, and items for them.
    static let cases: [(settings: String, items: [PreparedItem])] = [
        ("stage: rm", pairs),
        ("stage: kto\npref_beta: 0.4\npref_ftx: 0.3\nkto_chosen_weight: 1.2\nkto_rejected_weight: 0.7", feedback),
        ("stage: dpo\npref_beta: 0.4\ndpo_label_smoothing: 0.1\nld_alpha: 0.4", pairs),
        ("stage: dpo\npref_beta: 0.4\npref_loss: hinge\npref_bco_weight: 0.6", pairs),
        ("stage: dpo\npref_beta: 0.4\npref_loss: ipo\npref_ftx: 0.2\nld_alpha: 0.4", pairs),
        ("stage: dpo\npref_beta: 0.4\npref_loss: orpo\npref_ftx: 0.2", pairs),
        ("stage: dpo\npref_beta: 2\npref_loss: simpo\nsimpo_gamma: 1", pairs),
    ]

    private func stage(_ settings: String) throws -> any TrainingStage {
        let configuration = try RunConfiguration.parse(yaml: settings, name: "test")
        switch configuration[Parameters.stage] {
        case .dpo: return PreferenceOptimization(configuration)
        case .kto: return FeedbackOptimization(configuration)
        default: return RewardModelling()
        }
    }

    private func loss(
        _ stage: any TrainingStage, _ items: [PreparedItem], recording: Bool, learner other: Learner? = nil
    ) throws -> (StageLoss, Tape) {
        let tape = Tape(recording: recording)
        var memory = StageMemory()
        // A running mean would move with the weights; one that has seen much stands still.
        memory.numbers = ["bco_reward_sum": 0.02 * 1e9, "bco_batches": 1e9]
        let loss = try stage.loss(of: items, divisor: 2, learner: other ?? learner, on: tape, memory: &memory)
        return (loss, tape)
    }

    private struct NoLearner: Error {}

    /// The drift from the reference counts as a constant, though it moves with the weights: a learner whose drift is
    /// below zero, where it is held.
    private func learnerWithoutDrift(_ stage: any TrainingStage, _ items: [PreparedItem]) throws -> Learner {
        for seed in UInt64(4)..<40 {
            let reference = try DecoderModel.initialized(ModelConfiguration(Self.configuration), seed: seed)
            let learner = Learner(policy: Network(model), reference: Network(reference))
            if try loss(stage, items, recording: false, learner: learner).0.figures.mean("kl") == 0 { return learner }
        }
        throw NoLearner()
    }

    @Test(arguments: cases.indices) func gradientsAreSlopes(index: Int) throws {
        let (settings, items) = Self.cases[index]
        let stage = try stage(settings)
        let learner = try settings.hasPrefix("stage: kto") ? learnerWithoutDrift(stage, items) : learner
        let (loss, tape) = try loss(stage, items, recording: true, learner: learner)
        try tape.backward(from: try #require(loss.variable))
        let trained = model.parameters + (settings == "stage: rm" ? learner.valueHead?.parameters ?? [] : [])
        var compared = 0
        for parameter in trained where !parameter.name.hasPrefix("lm_head") || settings != "stage: rm" {
            let gradient = try #require(parameter.gradient, "\(parameter.name)").array
            // The largest entry of each tensor, where rounding weighs least.
            let place = try #require(gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) })
            let (before, step) = (parameter.value.array, Float(2e-3))
            func value(_ offset: Float) throws -> Double {
                var numbers = before
                numbers[place] += offset
                parameter.value = try Tensor(numbers, shape: parameter.shape)
                return try self.loss(stage, items, recording: false, learner: learner).0.value
            }
            let slope = try (value(step) - value(-step)) / (2 * Double(step))
            parameter.value = try Tensor(before, shape: parameter.shape)
            let tolerance = 0.02 * abs(slope) + 2e-4
            #expect(abs(Double(gradient[place]) - slope) <= tolerance, "\(settings): \(parameter.name)")
            compared += 1
        }
        #expect(compared > 8)
    }

    /// `ld_alpha`: the tokens of an answer beyond the length of the other one weigh less; only in the policy.
    @Test func longAnswersWeighLess() throws {
        let plain = try loss(stage("stage: dpo"), Self.pairs, recording: false).0
        let short = try loss(stage("stage: dpo\nld_alpha: 0.4"), Self.pairs, recording: false).0
        let all = try loss(stage("stage: dpo\nld_alpha: 1.0"), Self.pairs, recording: false).0
        #expect(abs(all.value - plain.value) < 1e-9)
        let long = try #require(plain.figures.mean("logps/chosen"))
        let cut = try #require(short.figures.mean("logps/chosen"))
        #expect(cut > long)
        // Two of the chosen answer's five tokens have their whole weight, so have both of the other one.
        let labels = try model.tokenLogProbabilities([[1, 2, 3, 4, 5, 6, 7], [1, 2, 10, 11]])
        let whole = labels[0][1...2].reduce(0, +) + labels[1][1...2].reduce(0, +)
        let expected = (whole + 0.4 * labels[0][3...5].reduce(0, +)) / 2
        #expect(abs(cut - Double(expected)) < 1e-4)
    }

    /// δ counts every micro-batch of training once; an evaluation leaves it alone.
    @Test func theClassifiersShiftIsAMeanOverTraining() throws {
        let stage = try stage("stage: dpo\npref_bco_weight: 0.5")
        var memory = StageMemory()
        func run(_ recording: Bool) throws -> StageLoss {
            try stage.loss(
                of: Self.pairs, divisor: 1, learner: learner, on: Tape(recording: recording), memory: &memory)
        }
        let evaluated = try run(false)
        #expect(memory == StageMemory())
        let trained = try run(true)
        let after = memory
        #expect(after.numbers["bco_batches"] == 1 && after.numbers["bco_reward_sum"] != 0)
        #expect(evaluated.value != trained.value)
        _ = try run(false)
        #expect(memory == after)
    }

    /// Figures are under the names of the reference; those of feedback only where there are any.
    @Test func figuresHaveTheReferencesNames() throws {
        let preference = try loss(stage("stage: dpo"), Self.pairs, recording: true).0.figures
        let names = ["rewards", "logps", "logits"].flatMap { ["\($0)/chosen", "\($0)/rejected"] }
        #expect(Set(preference.means.map(\.name)) == Set(names + ["rewards/accuracies", "rewards/margins"]))
        let orpo = try loss(stage("stage: dpo\npref_loss: orpo"), Self.pairs, recording: true).0
        let (supervised, odds) = (orpo.figures.mean("sft_loss"), orpo.figures.mean("odds_ratio_loss"))
        #expect(abs(orpo.value * 2 - (supervised ?? 0) - 0.1 * (odds ?? 0)) < 1e-9)
        let kto = try stage("stage: kto")
        let both = try loss(kto, Self.feedback, recording: true).0.figures
        #expect(Set(kto.record(of: both).map(\.name)) == Set(names + ["kl", "rewards/margins"]))
        let desired = try loss(kto, [Self.feedback[0]], recording: true).0.figures
        #expect(
            Set(kto.record(of: desired).map(\.name)) == ["rewards/chosen", "logps/chosen", "logits/chosen", "kl"])
        // A reward model tells how often it is right at evaluations only.
        let rm = try stage("stage: rm")
        #expect(try loss(rm, Self.pairs, recording: true).0.figures.isEmpty)
        #expect(try loss(rm, Self.pairs, recording: false).0.figures.means.map(\.name) == ["accuracy"])
    }

    @Test func logitsAreMeansOverTokensAndVocabulary() throws {
        let figures = try loss(stage("stage: dpo"), Self.pairs, recording: false).0.figures
        func mean(_ tokens: [Int32]) throws -> Double {
            let hidden = try model.hiddenStates(
                tokens, layout: SequenceLayout(lengths: [tokens.count]), on: Tape(recording: false))
            let logits = try model.logits(hidden.value).array
            return logits.reduce(0.0) { $0 + Double($1) } / Double(logits.count)
        }
        let expected = try (mean([1, 2, 3, 4, 5, 6, 7]) + mean([1, 2, 10, 11])) / 2
        #expect(abs((figures.mean("logits/chosen") ?? 0) - expected) < 1e-5)
    }

    @Test func whatIsMissingIsNamed() throws {
        let bare = Learner(policy: learner.policy)
        let cases = [("stage: rm", Self.pairs), ("stage: dpo", Self.pairs), ("stage: kto", Self.feedback)]
        for (settings, items) in cases {
            #expect(throws: StageError.self) {
                try loss(stage(settings), items, recording: false, learner: bare)
            }
        }
        _ = try loss(stage("stage: dpo\npref_loss: simpo"), Self.pairs, recording: false, learner: bare)
        for settings in ["stage: rm", "stage: dpo"] {
            #expect(throws: StageError.self) { try loss(stage(settings), Self.feedback, recording: false) }
        }
        #expect(throws: StageError.self) { try loss(stage("stage: kto"), Self.pairs, recording: false) }
    }

    /// A policy that is its own reference is where training begins: known losses, no reward.
    @Test func withoutADifferenceThereIsNoReward() throws {
        let same = Learner(policy: learner.policy, reference: learner.policy)
        let dpo = try loss(stage("stage: dpo"), Self.pairs, recording: false, learner: same).0
        #expect(abs(dpo.value * 2 - 0.6931472) < 1e-6 && dpo.figures.mean("rewards/accuracies") == 0)
        let kto = try loss(stage("stage: kto"), Self.feedback, recording: false, learner: same).0
        #expect(abs(kto.value * 2 - 0.5) < 1e-6 && kto.figures.mean("kl") == 0)
    }
}

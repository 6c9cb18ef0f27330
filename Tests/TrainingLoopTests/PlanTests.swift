import Foundation
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Testing
import TrainingLoop

@Suite(.serialized) struct PlanTests {
    private static let run = "sft-lora"

    private func configuration(_ lines: String) throws -> RunConfiguration {
        try RunConfiguration.parse(yaml: "stage: sft\ndo_train: true\n" + lines, name: "test")
    }

    @Test func whatChangesNoNumberIsTriedFirst() throws {
        let sets = PlanAlternatives.overrides(
            for: try configuration(
                """
                finetuning_type: full
                disable_gradient_checkpointing: true
                per_device_train_batch_size: 4
                gradient_accumulation_steps: 3
                cutoff_len: 600
                """), longestItem: 1000)
        let kept = "disable_gradient_checkpointing=false"
        let two = ["per_device_train_batch_size=2", "gradient_accumulation_steps=6"]
        let one = ["per_device_train_batch_size=1", "gradient_accumulation_steps=12"]
        #expect(
            sets == [
                [kept], [kept] + two, [kept] + one, [kept] + one + ["cutoff_len=300"],
                [kept] + one + ["cutoff_len=150"],
                [kept, "finetuning_type=lora"], [kept, "finetuning_type=lora"] + two,
                [kept, "finetuning_type=lora"] + one, [kept, "finetuning_type=lora"] + one + ["cutoff_len=300"],
                [kept, "finetuning_type=lora"] + one + ["cutoff_len=150"],
            ])
    }

    @Test func anUpdateKeepsItsItems() throws {
        let sets = PlanAlternatives.overrides(
            for: try configuration("per_device_train_batch_size: 5\ngradient_accumulation_steps: 3\n"), longestItem: 100
        )
        #expect(sets == [["per_device_train_batch_size=1", "gradient_accumulation_steps=15"]])
    }

    private func plan(_ overrides: [String]) throws -> RunPlan {
        let text = try String(contentsOfFile: "\(RunFixture.folder)/runs/\(Self.run)/config.yaml", encoding: .utf8)
        return try RunPlanner(paths: PathResolver(workingDirectory: RunFixture.folder)).plan(
            RunConfiguration.parse(yaml: text, name: "test", overrides: overrides))
    }

    /// The parts of a whole model's training are known to the byte.
    @Test func partsAreThoseOfTheModel() throws {
        let full = try plan(["finetuning_type=full", "adapter_name_or_path=null"])
        #expect(full.trainableCount == full.parameterCount && full.trainableCount > 1000)
        #expect(full.memory.parameters == 4 * full.trainableCount)
        #expect(full.memory.optimizer == 2 * full.memory.parameters && full.memory.mappedWeights == 0)
        let lora = try plan(["finetuning_type=lora", "lora_rank=4"])
        #expect(lora.trainableCount < full.trainableCount && lora.memory.mappedWeights > 0)
        #expect(lora.memory.copiedWeights < 1 << 16)
        let larger = try plan(["finetuning_type=lora", "lora_rank=4", "per_device_train_batch_size=16"])
        #expect(larger.memory.activations > lora.memory.activations)
        #expect(larger.largestBatch > lora.largestBatch)
        #expect(lora.time.totalSteps > 0 && lora.time.secondsPerStep > 0 && lora.time.totalSeconds < 3600)
    }

    /// Of what is frozen there are neither gradients nor an optimizer's state, whichever method leaves it so.
    @Test(arguments: [
        ["finetuning_type=freeze", "freeze_trainable_layers=1", "adapter_name_or_path=null"],
        [
            "finetuning_type=freeze", "freeze_trainable_layers=0", "freeze_extra_modules=norm",
            "adapter_name_or_path=null",
        ],
        ["finetuning_type=oft", "oft_block_size=8", "adapter_name_or_path=null"],
        ["create_new_adapter=true", "lora_target=embed_tokens,q_proj", "additional_target=model.norm"],
        ["create_new_adapter=true", "pissa_init=true", "pissa_iter=3", "lora_rank=2"],
        ["create_new_adapter=true", "use_dora=true", "lora_rank=2"],
    ])
    func nothingIsHeldForWhatIsFrozen(overrides: [String]) throws {
        let plan = try plan(overrides)
        #expect(plan.trainableCount > 0 && plan.trainableCount < plan.parameterCount / 2)
        #expect(plan.memory.parameters == 4 * plan.trainableCount)
        #expect(plan.memory.gradients == plan.memory.parameters)
        #expect(plan.memory.optimizer == 2 * plan.memory.parameters)
    }

    /// Experts lie mapped, and those of a layer share its tokens: more of them take no more activations.
    @Test func expertsArePlanned() throws {
        func plan(experts: Int) throws -> RunPlan {
            let base = try ModelSettingsTests().folder(
                of: "mixtral", ["num_local_experts": .integer(Int64(experts)), "num_experts_per_tok": 2])
            return try self.plan([
                "model_name_or_path=\(base.output)", "train_from_scratch=true", "finetuning_type=full",
                "adapter_name_or_path=null",
            ])
        }
        let (few, many) = (try plan(experts: 4), try plan(experts: 16))
        // Two layers, three matrices of 16 x 24 and a row of the router for each expert.
        #expect(many.parameterCount - few.parameterCount == 2 * 12 * (3 * 16 * 24 + 16))
        #expect(many.memory.parameters == 4 * many.trainableCount)
        #expect(many.memory.activations < 3 * few.memory.activations / 2)
    }

    /// What is computed is planned: padding that is learned makes micro-batches larger, and so does each other parameter
    /// that changes what a batch holds.
    @Test func whatIsTrainedIsPlanned() throws {
        let common = [
            "finetuning_type=lora", "lora_rank=4", "per_device_train_batch_size=4", "adapter_name_or_path=null",
            "max_steps=4", "cutoff_len=200",
        ]
        let plain = try plan(common)
        let padded = try plan(common + ["ignore_pad_token_for_loss=false"])
        #expect(padded.memory.activations > plain.memory.activations)
        #expect(padded.largestBatch == plain.largestBatch)
        let small = try plan(common + ["per_device_train_batch_size=1"])
        #expect(small.memory.activations < plain.memory.activations)
        #expect(
            plain.memory.optimizer == 2 * plain.memory.parameters && plain.memory.gradients == plain.memory.parameters)
    }

    /// As many layers keep their activations as the share of memory allows; a user's word holds whatever there is.
    @Test func layersKeepWhatFits() throws {
        let folder = RunFixture().output
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.copyItem(atPath: "\(RunFixture.folder)/model", toPath: "\(folder)/model")
        let path = "\(folder)/model/config.json"
        var shape = try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8)).object ?? [:]
        shape["hidden_size"] = 512
        shape["intermediate_size"] = 16384
        shape["num_hidden_layers"] = 6
        shape["layer_types"] = nil
        try JSONValue.object(shape).serialized().write(toFile: path, atomically: true, encoding: .utf8)
        func plan(within share: Int?, _ overrides: [String] = []) throws -> RunPlan {
            let text = try String(contentsOfFile: "\(RunFixture.folder)/runs/\(Self.run)/config.yaml", encoding: .utf8)
                .replacing("disable_gradient_checkpointing: true", with: "")
            return try RunPlanner(
                paths: PathResolver(workingDirectory: RunFixture.folder),
                speed: MachineSpeed(operations: 1e9, bytes: 1e9, secondsPerCall: 1e-6)
            ).plan(
                RunConfiguration.parse(
                    yaml: text, name: "test",
                    overrides: [
                        "model_name_or_path=\(folder)/model", "finetuning_type=full", "adapter_name_or_path=null",
                        "train_from_scratch=true", "per_device_train_batch_size=16", "max_steps=1",
                    ] + overrides), keepingWithin: share)
        }
        let usual = try plan(within: nil)
        #expect(usual.keepBelow == nil && usual.recomputedShare > 0)
        let all = try plan(within: 1 << 40)
        #expect(all.recomputedShare == 0 && all.keepBelow == 1 << 40)
        let (least, most) = (usual.memory.peakAnonymous, all.memory.peakAnonymous)
        #expect(most > least)
        let half = try plan(within: (least + most) / 2)
        #expect(half.memory.peakAnonymous <= (least + most) / 2)
        #expect(half.recomputedShare > 0 && half.recomputedShare < usual.recomputedShare)
        #expect(try plan(within: least / 2).keepBelow == nil)
        for word in ["disable_gradient_checkpointing=false", "gradient_checkpointing=true"] {
            let plan = try plan(within: 1 << 40, [word])
            #expect(plan.keepBelow == nil && plan.recomputedShare == usual.recomputedShare)
        }
    }

    /// A rehearsal leaves nothing behind: the run after it gives the same numbers as one without.
    @Test func planningDoesNotDisturbARun() throws {
        let (first, second) = (RunFixture(), RunFixture())
        try first.run(Self.run, ["max_steps=2"])
        let text = try String(contentsOfFile: "\(RunFixture.folder)/runs/\(Self.run)/config.yaml", encoding: .utf8)
        _ = try RunPlanner(paths: PathResolver(workingDirectory: RunFixture.folder)).plan(
            RunConfiguration.parse(yaml: text, name: "test"))
        try second.run(Self.run, ["max_steps=2"])
        #expect(try first.history() == second.history())
    }
}

import RunConfiguration
import Testing

/// LLaMA-Factory's own kind of files, read unchanged.
struct ReferenceConfigurationTests {
    @Test func readsTheLoraExample() throws {
        let configuration = try RunConfiguration.parse(yaml: fixture("lora_sft.yaml"), name: "lora_sft.yaml")
            .validated(for: .training)
        #expect(configuration[Parameters.stage] == .sft)
        #expect(configuration[Parameters.finetuningType] == .lora)
        #expect(configuration[Parameters.loraRank] == 8)
        #expect(configuration.loraAlphaInEffect == 16)
        #expect(configuration[Parameters.loraTarget] == ["all"])
        #expect(configuration[Parameters.dataset] == ["identity", "alpaca_en_demo"])
        #expect(configuration[Parameters.learningRate] == 1e-4)
        #expect(configuration[Parameters.numTrainEpochs] == 3)
        #expect(configuration[Parameters.lrSchedulerType] == .cosine)
        #expect(configuration[Parameters.warmupRatio] == 0.1)
        #expect(configuration[Parameters.resumeFromCheckpoint] == nil)
        #expect(configuration.isExplicit(Parameters.resumeFromCheckpoint))
        #expect(!configuration.isExplicit(Parameters.seed))
        #expect(configuration[Parameters.seed] == 42)
    }

    @Test func notesWhatChangesNothing() throws {
        let notes = try RunConfiguration.parse(yaml: fixture("lora_sft.yaml"), name: "lora_sft.yaml").notes
        for name in ["trust_remote_code", "dataloader_num_workers", "report_to", "ddp_timeout"] {
            #expect(notes.contains { $0.hasPrefix("`\(name): ") }, "\(name) is not noted")
        }
        #expect(!notes.contains { $0.contains("lora_rank") })
    }

    @Test func readsTheFullExampleWithEvaluation() throws {
        let configuration = try RunConfiguration.parse(yaml: fixture("full_sft.yaml"), name: "full_sft.yaml")
            .validated(for: .training)
        #expect(configuration[Parameters.finetuningType] == .full)
        #expect(configuration[Parameters.valSize] == .fraction(0.1))
        #expect(configuration[Parameters.evalStrategy] == .steps)
        #expect(configuration.evaluates)
        #expect(configuration.evaluationSteps == 500)
        #expect(configuration.notes.contains { $0.hasPrefix("`deepspeed: ") })
    }

    @Test func readsThePretrainingExample() throws {
        let configuration = try RunConfiguration.parse(yaml: fixture("lora_pretrain.yaml"), name: "p.yaml")
            .validated(for: .training)
        #expect(configuration[Parameters.stage] == .pt)
        #expect(configuration.packs)
        #expect(configuration.cutoffLengthInEffect == 2048)
    }

    @Test func readsTheInferenceExample() throws {
        let configuration = try RunConfiguration.parse(yaml: fixture("inference.yaml"), name: "i.yaml")
            .validated(for: .inference)
        #expect(configuration[Parameters.adapterNameOrPath] == ["saves/llama3-8b/lora/sft"])
        #expect(configuration[Parameters.doSample])
        #expect(configuration[Parameters.temperature] == 0.95)
        #expect(configuration[Parameters.topP] == 0.7)
    }

    @Test func readsTheDPOExample() throws {
        let configuration = try RunConfiguration.parse(yaml: fixture("dpo.yaml"), name: "dpo.yaml")
            .validated(for: .training)
        #expect(configuration[Parameters.stage] == .dpo)
    }

    @Test func refusesPPOByName() throws {
        let error = try #require(
            problem(try fixture("dpo.yaml").replacing("stage: dpo", with: "stage: ppo") + "\nreward_model: r\n"))
        #expect(error.kindName == "not_yet")
        #expect(error.parameter == "stage")
        #expect(error.line == 2)
        #expect(error.description.contains("`stage: ppo` is not available yet"))
    }

    @Test func readsJSONFiles() throws {
        let text = """
            {"model_name_or_path": "m", "do_train": true, "dataset": ["a", "b"],
             "template": "qwen", "learning_rate": 5e-05, "lr_scheduler_kwargs": {"num_cycles": 2},
             "lr_scheduler_type": "cosine"}
            """
        let configuration = try RunConfiguration.parse(yaml: text, name: "run.json").validated(for: .training)
        #expect(configuration[Parameters.dataset] == ["a", "b"])
        #expect(configuration[Parameters.learningRate] == 5e-5)
        #expect(configuration[Parameters.lrSchedulerKwargs]?.number("num_cycles") == 2)
    }

    @Test func readsObjects() throws {
        let object = ConfigurationValue.mapping([
            .init("model_name_or_path", .string("m")), .init("lora_rank", .integer(4)),
            .init("val_size", .number(1)), .init("evaluation_strategy", .string("steps")),
        ])
        let configuration = try RunConfiguration.parse(object: object, overrides: ["lora_rank=16"])
        #expect(configuration[Parameters.loraRank] == 16)
        #expect(configuration[Parameters.valSize] == .fraction(1))
        #expect(configuration[Parameters.evalStrategy] == .steps)
        #expect(
            configuration.explicitValues
                == .mapping([
                    .init("model_name_or_path", .string("m")), .init("lora_rank", .integer(16)),
                    .init("val_size", .number(1)), .init("eval_strategy", .string("steps")),
                ]))
    }
}

import RunConfiguration
import Testing

/// One fault is told once: nothing is said of what could not be read.
struct FollowerTests {
    private func problems(_ yaml: String, overrides: [String] = []) -> [String] {
        let (configuration, problems) = RunConfiguration.read(yaml: yaml, name: "run.yaml", overrides: overrides)
        return (problems + configuration.problems(for: .training)).map { "\($0.kindName) \($0.parameter ?? "-")" }
    }

    @Test(
        arguments: [
            // The document itself.
            ("do_train: [\n", ["syntax -"]), ("- a\n- b\n", ["syntax -"]),
            ("model_name_or_path: m\nmodel_name_or_path: n\n", ["given_twice model_name_or_path"]),
            // One value, or one name.
            ("model_name_or_path: [1, 2]\ndataset: d\ndo_train: true", ["wrong_type model_name_or_path"]),
            ("model_name_or_path: m\ndatset: d\ndo_train: true", ["unknown_parameter datset"]),
            ("model_name_or_path: m\ndataset: d\ndo_train: perhaps", ["wrong_type do_train"]),
            ("model_name_or_path: m\ndataset: d\ndo_trian: true", ["unknown_parameter do_trian"]),
            (
                "model_name_or_path: m\ndataset: d\ndo_train: true\nstage: sftt\nneat_packing: true",
                ["not_a_choice stage"]
            ),
            // What has nothing to do with it is told all the same.
            (
                "do_train: true\nlora_rank: many",
                ["wrong_type lora_rank", "conflict model_name_or_path", "conflict dataset"]
            ),
        ] as [(String, [String])])
    func onlyWhatIsWrong(yaml: String, expected: [String]) {
        #expect(problems(yaml) == expected)
    }

    @Test func overrides() {
        let yaml = "model_name_or_path: m\ndo_train: true"
        #expect(problems(yaml, overrides: ["dataset=[a"]) == ["syntax -"])
        #expect(problems(yaml, overrides: ["datset=a"]) == ["unknown_parameter datset"])
    }

    @Test func aByteOrderMarkIsPassedOver() {
        let yaml = "\u{FEFF}model_name_or_path: m\ndataset: d\ndo_train: true\n"
        #expect(problems(yaml).isEmpty)
        #expect(problem("\u{FEFF}lora_rnak: 1")?.line == 1)
        #expect(problem("\u{FEFF}lora_rnak: 1")?.column == 1)
    }
}

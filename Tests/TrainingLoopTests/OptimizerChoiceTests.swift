import RunConfiguration
import Testing
import TrainingLoop

struct OptimizerChoiceTests {
    /// The table of parameters accepts exactly the optimizers that there are.
    @Test(arguments: Parameters.optim.description.choices)
    func whatTheTableAcceptsExists(name: String) {
        let yaml = """
            model_name_or_path: model
            stage: pt
            do_train: true
            dataset: data
            output_dir: out
            optim: \(name)
            finetuning_type: full
            """ + (["galore_", "apollo_"].contains { name.hasPrefix($0) } ? "\noptim_target_modules: all-linear" : "")
        let isAccepted =
            (try? RunConfiguration.parse(yaml: yaml, name: "test").validated(for: .training)) != nil
        #expect(isAccepted == OptimizerArrangements.names.contains(name))
    }
}

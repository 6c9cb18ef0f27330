import Optimizers
import RunConfiguration
import Testing

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
            """
        let isAccepted =
            (try? RunConfiguration.parse(yaml: yaml, name: "test").validated(for: .training)) != nil
        #expect(isAccepted == OptimizerRegistry.names.contains(name))
    }
}

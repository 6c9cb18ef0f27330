import RunConfiguration
import Testing

/// What requests say of how a model is read.
struct ModelSettingsTests {
    @Test func orderAndRepetitionDoNotMatter() throws {
        let one = try ModelSettings.taken(from: ["seed=1", "infer_dtype=auto", "infer_backend=huggingface"])
        let other = try ModelSettings.taken(
            from: ["infer_backend=huggingface", "infer_dtype=float32", "infer_dtype=auto", "seed=1"])
        #expect(one.settings == other.settings && one.others == ["seed=1"] && other.others == one.others)
        #expect(one.settings.overrides == ["infer_backend=huggingface", "infer_dtype=auto"])
        #expect(try ModelSettings.taken(from: ["seed=1"]).settings == .none)
    }

    @Test(arguments: ["quantization_bit=5", "infer_dtype=float8", "infer_backend=other"])
    func whatNoModelCanBeReadWithIsRefused(setting: String) {
        #expect(throws: ConfigurationError.self) { try ModelSettings.taken(from: [setting]) }
    }

    @Test func theyAreAConfiguration() throws {
        let settings = try ModelSettings.taken(from: ["infer_dtype=float32"]).settings
        let configuration = try settings.configuration(model: "/m")
        #expect(configuration[Parameters.inferDtype] == .float32)
        #expect(configuration[Parameters.modelNameOrPath] == "/m")
    }
}

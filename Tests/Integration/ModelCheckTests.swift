import Foundation
import ServiceTestSupport
import Testing

/// What a run would not find in its model is found by `tunectl check` already.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ModelCheckTests {
    @Test func targetsOfAnAdapter() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, steps: 1, extra: ["output_dir: out"])
        func check(_ override: String) throws -> Finished { try daemon.tunectl("check", file, override) }
        #expect(try check("lora_target=all").status == 0)

        let none = try check("lora_target=Wqkv,c_attn")
        #expect(none.status == 78)
        #expect(none.errors.contains("`lora_target`: no module of the model matches"), "\(none.errors)")
        #expect(none.errors.contains("q_proj, k_proj"), "\(none.errors)")
        #expect(try check("lora_target=q_proj,embed_tokens").status == 0)
        let norm = try check("lora_target=q_proj,input_layernorm")
        #expect(norm.status == 78 && norm.errors.contains("which is neither a linear layer nor"), "\(norm.errors)")

        let part = try check("lora_target=q_proj,v_porj")
        #expect(part.status == 0)
        #expect(
            part.output.contains("warning: `lora_target` names 'v_porj', which neither a linear layer nor"),
            "\(part.output)")
        // The job says so too.
        let id = try daemon.tunectl("submit", file, "lora_target=q_proj,v_porj", directory: daemon.folder).output
            .trimmingCharacters(in: .newlines)
        #expect(try daemon.tunectl("watch", id).status == 0)
        #expect(try daemon.tunectl("logs", id).output.contains("names 'v_porj', which neither a linear layer nor"))
        // Looking at the data alone asks for nothing of the model.
        #expect(try daemon.tunectl("data", "preview", file, "--json", "lora_target=Wqkv").status == 0)
    }

    @Test func modulesOfOtherMethodsAndAdapters() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, steps: 1, extra: ["output_dir: out"])
        let text = try String(contentsOfFile: file, encoding: .utf8).replacing(
            "finetuning_type: lora\nlora_rank: 4\nlora_target: all\n", with: "finetuning_type: freeze\n")
        let freeze = daemon.path("freeze.yaml")
        try Data(text.utf8).write(to: URL(fileURLWithPath: freeze))
        #expect(try daemon.tunectl("check", freeze).status == 0)
        let unknown = try daemon.tunectl("check", freeze, "freeze_trainable_modules=mlp,attention")
        #expect(unknown.status == 78 && unknown.errors.contains("names 'attention', which the model does not have"))

        let missing = try daemon.tunectl("check", file, "adapter_name_or_path=/none")
        #expect(missing.status == 66 && missing.errors.contains("/none"), "\(missing.errors)")
        let model = daemon.path("model")
        try FileManager.default.copyItem(atPath: Checkout.root.path + "/examples/valley/base", toPath: model)
        try FileManager.default.removeItem(atPath: model + "/model.safetensors")
        let bare = try daemon.tunectl("check", file, "model_name_or_path=\(model)")
        #expect(bare.status == 66 && bare.errors.contains("model.safetensors"), "\(bare.errors)")
    }
}

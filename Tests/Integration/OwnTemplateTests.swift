import Foundation
import ServiceTestSupport
import Testing

/// A run that names no template goes by the one that its model's tokenizer brings.
@Suite(.timeLimit(.minutes(3))) struct OwnTemplateTests {
    /// What `template: xverse` writes, in the words of a tokenizer.
    private static let jinja =
        "{% if messages[0].role == 'system' %}{{ messages[0].content }}{% set messages = messages[1:] %}{% endif %}"
        + "{% for m in messages %}{% if m.role == 'user' %}Human: {{ m.content }}\n\nAssistant: "
        + "{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"

    private func model(in daemon: DaemonFixture, template: String?) throws -> String {
        let model = daemon.path("base")
        try? FileManager.default.removeItem(atPath: model)
        try FileManager.default.copyItem(atPath: Checkout.root.path + "/examples/valley/base", toPath: model)
        let file = URL(fileURLWithPath: model + "/chat_template.jinja")
        try? FileManager.default.removeItem(at: file)
        if let template { try Data(template.utf8).write(to: file) }
        return model
    }

    @Test func itemsAreThoseOfTheNamedTemplate() throws {
        let daemon = try DaemonFixture()
        let model = try model(in: daemon, template: Self.jinja)
        let named = try SmallRun.write(to: daemon.folder, steps: 2, extra: ["output_dir: out"])
        let text = try String(contentsOfFile: named, encoding: .utf8).replacing(
            Checkout.root.path + "/examples/valley/base", with: model)
        let own = daemon.path("own.yaml")
        try Data(text.replacing("template: xverse\n", with: "").utf8).write(to: URL(fileURLWithPath: own))
        func items(_ arguments: String...) throws -> Finished {
            try run(
                Checkout.program("tunectl"), ["data", "preview", "--jsonl"] + arguments,
                environment: ["FINETUNED_SOCKET": daemon.socket], directory: daemon.folder)
        }
        let expected = try items(named)
        #expect(expected.status == 0 && !expected.output.isEmpty, "\(expected.errors)")
        for arguments in [[own], [own, "template=null"]] {
            let found = try items(arguments[0], arguments.count > 1 ? arguments[1] : "seed=42")
            #expect(found.status == 0 && found.output == expected.output, "\(found.errors)")
            #expect(found.errors.contains("formatted as the tokenizer's own chat template shows"), "\(found.errors)")
        }
        #expect(try daemon.tunectl("check", own, directory: daemon.folder).status == 0)
        let finished = try daemon.tunectl("run", own, directory: daemon.folder)
        #expect(finished.status == 0, "\(finished.errors)")
        // What is advised does what it says.
        let none = try daemon.tunectl("data", "preview", own, "template=none", directory: daemon.folder)
        #expect(none.status != 0 && none.errors.contains("leave `template` out"), "\(none.errors)")

        // Without any, question and answer stand side by side, which is said.
        _ = try self.model(in: daemon, template: nil)
        let bare = try items(own)
        #expect(bare.status == 0 && bare.output != expected.output)
        #expect(bare.errors.contains("the tokenizer brings no chat template"), "\(bare.errors)")
        #expect(try items(own, "template=empty").output == bare.output)
    }
}

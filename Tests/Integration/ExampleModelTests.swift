import Foundation
import ServiceTestSupport
import Testing

/// The bundled model's recipe: its text comes out the same, and so do the first losses of its training.
@Suite(.timeLimit(.minutes(5))) struct ExampleModelTests {
    private static let example = Checkout.root.appendingPathComponent("examples/valley")

    /// Losses of updates 1 to 20 of `examples/valley/pretrain.yaml`.
    private static let firstLosses: [Double] = [
        6.630666, 6.617814, 6.596929, 6.533030, 6.460179, 6.422083, 6.352493,
        6.289593, 6.220299, 6.161110, 6.113096, 6.052990, 6.003910, 5.940141,
        5.875462, 5.811777, 5.740988, 5.647731, 5.565894, 5.501799,
    ]

    @Test func theRecipeStartsAsItDid() throws {
        let daemon = try DaemonFixture()
        let text = daemon.folder.appendingPathComponent("text")
        let generator = Checkout.root.appendingPathComponent(".build/release/valley-generator")
        #expect(try run(generator, [text.path]).status == 0)
        for (made, bundled) in [
            ("questions.json", "data/questions.json"), ("held-back.tsv", "data/held-back.tsv"),
            ("tokenizer.json", "base/tokenizer.json"),
        ] {
            let committed = try Data(contentsOf: Self.example.appendingPathComponent(bundled))
            #expect(try Data(contentsOf: text.appendingPathComponent(made)) == committed, "\(made)")
        }
        try FileManager.default.copyItem(
            at: Self.example.appendingPathComponent("data/dataset_info.json"),
            to: text.appendingPathComponent("dataset_info.json"))
        let job = try daemon.tunectl(
            "submit", Self.example.appendingPathComponent("pretrain.yaml").path,
            "model_name_or_path=\(Self.example.path)/base", "dataset_dir=\(text.path)",
            "output_dir=\(daemon.path("out"))", "logging_steps=1", "plot_loss=false")
        #expect(job.status == 0, "\(job.errors)")
        var losses: [Double] = []
        while losses.count < Self.firstLosses.count {
            try #require(daemon.isRunning && !daemon.workers().isEmpty, "the run ended early: \(losses)")
            usleep(50_000)
            losses = Self.losses(in: daemon.path("out/trainer_log.jsonl"))
        }
        _ = try daemon.tunectl("cancel", job.output.trimmingCharacters(in: .whitespacesAndNewlines))
        for (step, (found, stored)) in zip(losses, Self.firstLosses).enumerated() {
            #expect(abs(found - stored) <= 1e-4 * stored, "update \(step + 1)")
        }
    }

    private static func losses(in path: String) -> [Double] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        // The last line may be half written.
        return text.split(separator: "\n").compactMap { line in
            let record = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return record?["loss"] as? Double
        }
    }
}

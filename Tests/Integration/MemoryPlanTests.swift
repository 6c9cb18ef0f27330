import Foundation
import ServiceTestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(3))) struct MemoryPlanTests {
    struct Plan: Decodable {
        struct Alternative: Decodable {
            var overrides: [String]
            var peak_anonymous_bytes: Int
        }
        var peak_anonymous_bytes: Int
        var mapped_weight_bytes: Int
        var peak_resident_bytes: Int
        var total_seconds: Double
        var total_steps: Int
        var budget_bytes: Int
        var alternative: Alternative?
    }

    private func plan(_ daemon: DaemonFixture, _ file: String, _ overrides: [String] = []) throws -> (Int32, Plan) {
        let finished = try run(
            Checkout.program("tunectl"), ["plan", file, "--json", "--socket", daemon.socket] + overrides)
        return (finished.status, try JSONDecoder().decode(Plan.self, from: Data(finished.output.utf8)))
    }

    private static func figure(_ name: String, of process: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return (line.flatMap { Int($0.split { $0 == " " || $0 == "\t" }[1]) } ?? 0) * 1024
    }

    /// What a run of the bundled model holds is what was planned, for steps of very different size.
    @Test(arguments: [
        ["per_device_train_batch_size=1", "max_samples=64"],
        ["per_device_train_batch_size=64", "disable_gradient_checkpointing=true"],
        ["per_device_train_batch_size=16", "finetuning_type=full", "lora_target=all"],
        ["per_device_train_batch_size=16", "lora_target=embed_tokens,q_proj", "lora_rank=32"],
        ["per_device_train_batch_size=32", "pissa_init=true", "pissa_iter=4"],
        ["per_device_train_batch_size=32", "use_dora=true", "lora_dropout=0.1"],
        ["per_device_train_batch_size=32", "finetuning_type=oft"],
    ])
    func aRunHoldsWhatWasPlanned(overrides: [String]) throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder, steps: 8, extra: ["save_strategy: 'no'"])
        let settings = overrides + ["output_dir=\(daemon.path("out"))"]
        let (status, plan) = try plan(daemon, file, settings)
        #expect(status == 0 && plan.total_steps == 8)
        let others = Set(daemon.workers())
        let job = try run(
            Checkout.program("tunectl"), ["submit", file, "--socket", daemon.socket] + settings
        ).output.trimmingCharacters(in: .whitespacesAndNewlines)
        // The job is planned by a worker of its own before the one that trains.
        var (worker, anonymous, resident): (Int32, Int, Int) = (0, 0, 0)
        let client = try daemon.connection()
        let deadline = Date().addingTimeInterval(60)
        while Date() < deadline {
            for found in daemon.workers() where !others.contains(found) && found >= worker {
                if found > worker { (worker, anonymous, resident) = (found, 0, 0) }
                anonymous = max(anonymous, Self.figure("RssAnon", of: worker))
                resident = max(resident, Self.figure("VmHWM", of: worker))
            }
            if try client.call("job.get", ["job": job])["state"] as? String == "succeeded" { break }
            usleep(2000)
        }
        #expect(try daemon.tunectl("show", job, "--quiet").output == "succeeded\n")
        // A small process is mostly constant parts; a wrong count of activations is far outside of this all the same.
        let allowance = 10.0 * Double(1 << 20)
        for (planned, measured) in [(plan.peak_anonymous_bytes, anonymous), (plan.peak_resident_bytes, resident)] {
            #expect(Double(planned) >= 0.97 * Double(measured) - allowance, "\(overrides): \(planned), \(measured)")
            #expect(Double(planned) <= 1.15 * Double(measured) + allowance, "\(overrides): \(planned), \(measured)")
        }
    }

    @Test func whatDoesNotFitIsRefusedWithWhatWould() throws {
        let daemon = try DaemonFixture(limits: ["memory: 50000000"])
        let file = try SmallRun.write(to: daemon.folder)
        let large = ["per_device_train_batch_size=64", "gradient_accumulation_steps=1", "max_samples=400"]
        let (status, plan) = try plan(daemon, file, large)
        #expect(status == 78 && plan.budget_bytes == 50_000_000)
        let alternative = try #require(plan.alternative)
        #expect(alternative.overrides.contains { $0.hasPrefix("per_device_train_batch_size=") })
        let (better, smaller) = try self.plan(daemon, file, large + alternative.overrides)
        #expect(better == 0 && smaller.peak_anonymous_bytes < plan.peak_anonymous_bytes)
        let text = try run(Checkout.program("tunectl"), ["plan", file, "--socket", daemon.socket] + large)
        #expect(text.status == 78)
        #expect(text.output.contains("It would with \(alternative.overrides.joined(separator: " "))"))
    }

    @Test func aPlanOfWrongDataIsRefusedLikeTheRun() throws {
        let daemon = try DaemonFixture()
        let file = try SmallRun.write(to: daemon.folder)
        let finished = try run(
            Checkout.program("tunectl"), ["plan", file, "dataset=nothing", "--json", "--socket", daemon.socket])
        #expect(finished.status == 78)
        #expect(finished.errors.contains("nothing"))
    }
}

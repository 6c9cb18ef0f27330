import Foundation
import ServiceTestSupport
import Testing

/// The same job gives the same bytes; where it may not, it says what is different.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DeterminismTests {
    private static let extra = ["output_dir: out", "save_steps: 4", "lora_dropout: 0.1", "seed: 9"]

    /// Trains in a daemon of its own and returns it.
    private func trained(_ environment: [String: String] = [:], limits: [String] = []) throws -> DaemonFixture {
        let daemon = try DaemonFixture(environment: environment, limits: limits)
        let file = try SmallRun.write(to: daemon.folder, steps: 8, extra: Self.extra)
        let finished = try daemon.tunectl("run", file, directory: daemon.folder)
        #expect(finished.status == 0, "\(finished.errors)")
        return daemon
    }

    private func conditions(_ daemon: DaemonFixture) throws -> [String: Any] {
        let text = try Data(contentsOf: URL(fileURLWithPath: daemon.path("out/checkpoint-8/MANIFEST.json")))
        let manifest = try JSONSerialization.jsonObject(with: text) as? [String: Any]
        return try #require(manifest?["conditions"] as? [String: Any])
    }

    @Test func theSameJobGivesTheSameBytes() throws {
        let first = try trained()
        let essence = try SmallRun.essence(of: first.path("out"))
        for _ in 1...TestRepetition.factor {
            let again = try trained()
            let other = try SmallRun.essence(of: again.path("out"))
            #expect(other.weights == essence.weights && other.records == essence.records)
            // In the same daemon after a restart.
            again.stop(SIGKILL)
            try again.start()
            let file = try SmallRun.write(
                to: again.folder, steps: 8,
                extra: Self.extra.map { $0.replacing("output_dir: out", with: "output_dir: third") })
            #expect(try again.tunectl("run", file, directory: again.folder).status == 0)
            #expect(try SmallRun.essence(of: again.path("third")).weights == essence.weights)
        }
    }

    /// Kernels of every instruction set compute the same; only the manifest knows which were used.
    @Test func theInstructionSetChangesNothing() throws {
        let usual = try trained()
        let scalar = try trained(["FINETUNED_KERNELS": "scalar"])
        #expect(
            try SmallRun.essence(of: usual.path("out")).weights == SmallRun.essence(of: scalar.path("out")).weights)
        #expect(try conditions(scalar)["vectorInstructions"] as? String != nil)
    }

    @Test func whatMayChangeResultsIsInTheManifest() throws {
        let one = try trained(limits: ["worker_threads: 1"])
        #expect(try conditions(one)["threads"] as? Int == 1)
        let other = try trained(["OPENBLAS_CORETYPE": "Prescott"], limits: ["worker_threads: 2"])
        #expect(try conditions(other)["threads"] as? Int == 2)
        #expect(try (conditions(other)["coreType"] as? String)?.lowercased() == "prescott")
        // A run that goes on from the other's checkpoint says what is different.
        let file = try SmallRun.write(
            to: other.folder, steps: 10, extra: Self.extra + ["resume_from_checkpoint: \(one.path("out/checkpoint-8"))"]
        )
        let finished = try other.tunectl("run", file, "output_dir=next", directory: other.folder)
        #expect(finished.status == 0, "\(finished.errors)")
        let said = finished.output + finished.errors
        #expect(said.contains("the number of threads was 1, is now 2"), "\(said)")
        #expect(said.contains("OpenBLAS's core type was"), "\(said)")
    }
}

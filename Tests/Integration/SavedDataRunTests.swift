import Foundation
import ServiceTestSupport
import Testing

/// Runs with `tokenized_path`, as a user makes them.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SavedDataRunTests {
    private func run(_ daemon: DaemonFixture, _ output: String, _ more: String...) throws -> Finished {
        let file = try SmallRun.write(
            to: daemon.folder, steps: 4, extra: ["output_dir: out", "tokenized_path: kept", "val_size: 2"])
        return try ServiceTestSupport.run(
            Checkout.program("tunectl"), ["run", file, "output_dir=\(output)"] + more,
            environment: ["FINETUNED_SOCKET": daemon.socket], directory: daemon.folder, seconds: 60)
    }

    @Test func aSecondRunTrainsOnWhatTheFirstKept() throws {
        let daemon = try DaemonFixture()
        #expect(try run(daemon, "first").status == 0)
        let kept = daemon.path("kept")
        let names = try FileManager.default.contentsOfDirectory(atPath: kept).sorted()
        #expect(names == ["MANIFEST.json", "evaluation-0.items", "train.items"])
        let written = try FileManager.default.attributesOfItem(atPath: kept)[.modificationDate] as? Date

        #expect(try run(daemon, "second").status == 0)
        let first = try SmallRun.essence(of: daemon.path("first"))
        let second = try SmallRun.essence(of: daemon.path("second"))
        #expect(first.records == second.records && first.weights == second.weights)
        #expect(try FileManager.default.attributesOfItem(atPath: kept)[.modificationDate] as? Date == written)

        let other = try run(daemon, "third", "cutoff_len=33")
        #expect(other.status != 0 && other.errors.contains("is now 33"), "\(other.errors)")
        #expect(try run(daemon, "fourth", "cutoff_len=33", "overwrite_cache=true").status == 0)
    }

    @Test(arguments: ["/proc/self/fd", "STATE", "STATE/jobs"])
    func theServicesOwnPlacesAreRefused(place: String) throws {
        let daemon = try DaemonFixture()
        let path = place.replacingOccurrences(of: "STATE", with: daemon.state)
        let refused = try run(daemon, "out", "tokenized_path=\(path)")
        // The service's own user may do what it likes with the state directory, but it holds no prepared data.
        #expect(refused.status != 0 && refused.errors.contains(path), "\(refused.errors)")
        if place.hasPrefix("/proc") { #expect(refused.errors.contains("tokenized_path")) }
    }
}

import DaemonService
import Testing

struct SettingsTests {
    private func refusal(_ text: String) -> DaemonSettingsFile.Failure? {
        do throws(DaemonSettingsFile.Failure) {
            var limits = DaemonLimits()
            try DaemonSettingsFile.apply(text, name: "f.yaml", to: &limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyDefaultIsAValueOfItsOwnForm() throws {
        for setting in DaemonSetting.all {
            var limits = DaemonLimits()
            try DaemonSettingsFile.apply(
                "\(setting.section):\n  \(setting.key): \(setting.defaultText)\n", name: "f.yaml", to: &limits)
            #expect(limits.described == DaemonLimits().described, "\(setting.name)")
            #expect(!setting.summary.isEmpty && setting.summary.hasSuffix("."), "\(setting.name)")
        }
        #expect(Set(DaemonSetting.all.map(\.name)).count == DaemonSetting.all.count)
    }

    @Test func theExampleFileChangesNothing() throws {
        var limits = DaemonLimits()
        try DaemonSettingsFile.apply(DaemonManual.exampleSettings, name: "f.yaml", to: &limits)
        #expect(limits.described == DaemonLimits().described)
        // With its comments taken away it is a correct file that says the same.
        let lines = DaemonManual.exampleSettings.split(separator: "\n").filter {
            $0.hasPrefix("#   ") || $0.hasSuffix(":")
        }
        let uncommented = lines.map { $0.hasPrefix("# ") ? $0.dropFirst(2) : $0 }.joined(separator: "\n")
        try DaemonSettingsFile.apply(uncommented, name: "f.yaml", to: &limits)
        #expect(limits.described == DaemonLimits().described)
    }

    @Test(arguments: [
        ("limits: {worker_memory: 2G}", "limits.worker_memory", "2147483648"),
        ("limits: {worker_memory: 512M}", "limits.worker_memory", "536870912"),
        ("limits: {worker_memory: 10 K}", "limits.worker_memory", "10240"),
        ("limits:\n  running_jobs: 3", "limits.running_jobs", "3"), ("log: {level: debug}", "log.level", "debug"),
        ("{\"limits\": {\"resident_models\": 8}}", "limits.resident_models", "8"), ("limits:\n", "log.level", "info"),
        ("# nothing\n", "limits.running_jobs", "1"), ("{}", "limits.running_jobs", "1"),
    ])
    func valuesAreTaken(text: String, name: String, value: String) throws {
        var limits = DaemonLimits()
        try DaemonSettingsFile.apply(text, name: "f.yaml", to: &limits)
        #expect(limits.described[name] == value)
    }

    @Test func unknownKeysAreRefusedWithTheNearestNameAndTheirPlace() {
        #expect(
            refusal("limits:\n  running_jobs: 2\n  conections_per_user: 3\n")
                == .unknownKey(
                    "limits.conections_per_user", at: "f.yaml:3:3", nearest: "limits.connections_per_user"))
        #expect(
            refusal("limit:\n  running_jobs: 2\n")
                == .unknownKey("limit.running_jobs", at: "f.yaml:2:3", nearest: "limits.running_jobs"))
        #expect(refusal("nothing_alike: 2\n") == .unknownKey("nothing_alike", at: "f.yaml:1:1", nearest: nil))
    }

    @Test(arguments: [
        "limits: {running_jobs: 0}", "limits: {running_jobs: -1}", "limits: {running_jobs: 2.5}",
        "limits: {running_jobs: '2'}", "limits: {running_jobs: [2]}", "limits: {running_jobs: 99999999999999999999}",
        "limits: {worker_memory: -1}", "limits: {worker_memory: 9999999999999T}", "limits: {worker_memory: G}",
        "log: {level: loud}", "log: {level: 3}", "limits: 3", "log: []", "7", "- 1",
    ])
    func valuesThatDoNotFitAreRefused(text: String) throws {
        let failure = try #require(refusal(text))
        #expect(failure.description.hasPrefix("f.yaml:1:"), "\(failure)")
    }

    @Test(arguments: ["limits: [", "a: &x {b: 1}\nc: *x", "limits: {running_jobs: 1, running_jobs: 2}"])
    func badYAMLIsRefusedWithItsPlace(text: String) throws {
        guard case .badYAML = try #require(refusal(text)) else {
            Issue.record("\(String(describing: refusal(text)))")
            return
        }
    }
}

import DaemonService
import JSONDocuments
import ServiceAPI
import Testing

/// Who may see and do what, with invented callers.
struct CallerTests {
    private static let owner: UInt32 = 1000
    private static let daemonUser: UInt32 = 990
    private static let administrators: UInt32 = 985

    private func caller(_ user: UInt32, groups: [UInt32] = [], group: UInt32? = administrators) -> Caller {
        Caller(
            user: user, process: 1, groups: groups, daemonUser: Self.daemonUser, administrators: group)
    }

    private var job: Job {
        var job = Job(
            id: "7", name: "secret.yaml", kind: .train, state: .failed, owner: Self.owner, priority: 3,
            outputDirectory: "/home/a/secret-output", workingDirectory: "/home/a/secret-work",
            submittedAt: "2026-01-01T00:00:00.000Z", attempt: 2, notes: ["secret note"])
        job.startedAt = "2026-01-01T00:00:01.000Z"
        job.finishedAt = "2026-01-01T00:00:02.000Z"
        job.progress = JobProgress(phase: "training", step: 5, totalSteps: 10)
        job.progress?.loss = 1.5
        job.progress?.elapsed = 60
        job.error = ServiceError(
            .badData, "secret row 7", hint: "secret hint", field: "secret field", file: "/home/a/secret.json", line: 7)
        job.metrics = ["secret_metric": 1]
        return job
    }

    @Test(arguments: [
        (owner, [UInt32](), true), (1001, [], false), (0, [], true), (daemonUser, [], true), (1001, [985], true),
        (1001, [100, 985, 200], true), (1001, [100, 984, 986], false), (65534, [], false), (UInt32.max, [], false),
    ])
    func whoActsOnAJob(user: UInt32, groups: [UInt32], may: Bool) throws {
        let caller = caller(user, groups: groups)
        #expect(caller.mayActOn(owner: Self.owner) == may)
        #expect((caller.view(of: job) == job) == may)
        if may {
            try caller.require(owner: Self.owner, job: "7")
        } else {
            let error = try #require(throws: ServiceError.self) { try caller.require(owner: Self.owner, job: "7") }
            #expect(error.kind == .permission)
            #expect(error.kind.exitStatus == 77)
            #expect(error.job == "7")
        }
    }

    @Test func withoutTheGroupNobodyIsInIt() {
        #expect(!caller(1001, groups: [0, 985], group: nil).isAdministrator)
    }

    /// State, size and times are there; nothing that the owner wrote is.
    @Test func whatAStrangerSees() throws {
        let shown = caller(1001).view(of: job)
        let text = try JSONValue(encoding: shown).serialized()
        #expect(!text.contains("secret"))
        #expect(shown.id == "7" && shown.state == .failed && shown.owner == Self.owner && shown.priority == 3)
        #expect(shown.submittedAt == job.submittedAt && shown.startedAt == job.startedAt)
        #expect(shown.finishedAt == job.finishedAt && shown.attempt == 2)
        #expect(shown.progress?.step == 5 && shown.progress?.totalSteps == 10 && shown.progress?.elapsed == 60)
        #expect(shown.progress?.loss == nil)
        #expect(shown.error?.kind == .badData)
        #expect(shown.metrics == nil && shown.notes == [])
    }

    @Test func whoStopsTheDaemon() throws {
        try caller(0).requireAdministrator(for: "system.shutdown")
        try caller(1001, groups: [Self.administrators]).requireAdministrator(for: "system.shutdown")
        let error = try #require(throws: ServiceError.self) {
            try caller(Self.owner).requireAdministrator(for: "system.shutdown")
        }
        #expect(error.kind == .permission)
    }

    @Test func modelsOfOthersHaveNoPath() {
        let model = ResidentModel(
            model: "/home/a/base", adapters: ["/home/a/adapter"], weightsLoaded: true, worker: 5, requestsInFlight: 0,
            lastUsedAt: "2026-01-01T00:00:00.000Z", residentBytes: 100)
        #expect(caller(1000).view(of: model, readFor: 1000) == model)
        #expect(caller(0).view(of: model, readFor: 1000) == model)
        for reader in [1000, nil] as [UInt32?] {
            let shown = caller(1001).view(of: model, readFor: reader)
            #expect(shown.model == "" && shown.adapters == [] && shown.residentBytes == 100 && shown.weightsLoaded)
        }
    }

    /// Every method that names a job is its owner's, but the one that shows its state to everybody.
    @Test func methodsThatNameAJobBelongToItsOwner() {
        for method in MethodRegistry.methods {
            let namesAJob = method.parameters.contains { $0.name == "job" }
            let isRestricted = method.access != .everyone
            #expect(namesAJob ? isRestricted || method.name == "job.get" : true, "\(method.name) needs JobAddressing")
        }
        #expect(JobCancel.access == .owner && JobLogs.access == .owner && JobWatch.access == .owner)
        #expect(SystemShutdown.access == .administrator)
    }
}

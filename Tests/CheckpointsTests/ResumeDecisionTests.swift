import Checkpoints
import Foundation
import RunConfiguration
import Testing

struct ResumeDecisionTests {
    private func decide(
        _ findings: ResumeDecision.Findings, request: ResumePoint? = nil, overwrites: Bool = false, again: Bool = false
    ) throws -> ResumeDecision {
        try .decide(
            request: request, overwrites: overwrites, isContinuation: again, output: "o", findings: findings)
    }

    @Test func newestIsTakenUnlessOverwritten() throws {
        let found = ResumeDecision.Findings(newestValid: "b", newestOwn: "a", finalModelFile: "model.safetensors")
        #expect(try decide(.init()) == .startAnew)
        #expect(try decide(found) == .resume(path: "b", automatic: true))
        #expect(try decide(found, overwrites: true) == .startAnew)
    }

    /// A run that is started again goes on from its own, whatever is asked.
    @Test func aContinuationGoesOnFromItsOwn() throws {
        let found = ResumeDecision.Findings(newestValid: "b", newestOwn: "a")
        #expect(try decide(found, overwrites: true, again: true) == .resume(path: "a", automatic: true))
        #expect(try decide(found, request: .path("c"), again: true) == .resume(path: "a", automatic: true))
        #expect(try decide(.init(newestWeights: "w"), again: true) == .startAnew)
        #expect(try decide(.init(finalModelFile: "model.safetensors"), again: true) == .startAnew)
    }

    @Test func requestsAreMetOrRefused() throws {
        let found = ResumeDecision.Findings(newestValid: "b")
        #expect(try decide(found, request: .path("c")) == .resume(path: "c", automatic: false))
        #expect(try decide(found, request: .newest, overwrites: true) == .resume(path: "b", automatic: false))
        #expect(throws: CheckpointError.self) { try decide(.init(), request: .newest) }
    }

    /// Weights alone are never gone on from, and never written over unasked.
    @Test func weightsAloneAreNoCheckpoint() throws {
        let found = ResumeDecision.Findings(newestWeights: "w")
        for request in [nil, ResumePoint.newest] {
            let error = #expect(throws: CheckpointError.self) { try decide(found, request: request) }
            #expect(error.map { "\($0)".contains("optimizer.safetensors") } == true)
        }
        #expect(try decide(found, overwrites: true) == .startAnew)
        #expect(try decide(.init(newestValid: "b", newestWeights: "w")) == .resume(path: "b", automatic: true))
    }

    @Test func aFinishedModelIsNotOverwrittenUnasked() throws {
        #expect(throws: CheckpointError.self) { try decide(.init(finalModelFile: "model.safetensors")) }
        #expect(try decide(.init(finalModelFile: "model.safetensors"), overwrites: true) == .startAnew)
    }

    @Test func findingsTellWhoseAndWhat() throws {
        let path = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(step: 1, in: path)
        try write(step: 2, in: path, run: "other")
        try write(step: 3, in: path, isResumable: false)
        let (findings, passedOver) = ResumeDecision.findings(in: path, run: "run")
        #expect(
            findings
                == .init(
                    newestValid: "\(path)/checkpoint-2", newestWeights: "\(path)/checkpoint-3",
                    newestOwn: "\(path)/checkpoint-1"))
        #expect(passedOver.count == 1)
    }
}

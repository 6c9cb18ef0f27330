import DaemonService
import Testing

@Suite struct TrainingPreemptionTests {
    private let yield = TrainingPreemption.Action.yield(seconds: TrainingPreemption.lease)

    @Test func trainingHoldsStillForARequestAndAMomentLonger() {
        var policy = TrainingPreemption()
        #expect(policy.decide(at: 0) == (nil, nil))
        policy.requestBegan()
        #expect(policy.decide(at: 1) == (yield, 1 + TrainingPreemption.renewal))
        policy.requestEnded(at: 1.5)
        #expect(policy.decide(at: 1.5) == (nil, 2))
        #expect(policy.decide(at: 2) == (yield, 2.5), "the renewal falls into the grace")
        #expect(policy.decide(at: 2.5) == (.goOn, nil))
        #expect(policy.decide(at: 3) == (nil, nil))
    }

    @Test func anotherRequestWithinTheGraceKeepsItStill() {
        var policy = TrainingPreemption()
        policy.requestBegan()
        _ = policy.decide(at: 0)
        policy.requestEnded(at: 0.2)
        policy.requestBegan()
        #expect(policy.decide(at: 0.3) == (nil, TrainingPreemption.renewal))
        policy.requestBegan()
        policy.requestEnded(at: 0.4)
        #expect(policy.decide(at: 2).action == yield, "the other is still being answered")
    }

    @Test func theLeaseIsRenewedBeforeItEnds() {
        var policy = TrainingPreemption()
        policy.requestBegan()
        var time = 0.0
        var renewals: [Double] = []
        while time < 10 {
            let (action, next) = policy.decide(at: time)
            if action == yield { renewals.append(time) }
            time = next ?? .infinity
        }
        #expect(renewals == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(TrainingPreemption.renewal < TrainingPreemption.lease)
    }

    @Test func underRequestsWithoutEndTrainingGetsABreath() {
        var policy = TrainingPreemption()
        policy.requestBegan()
        var time = 0.0
        var went: [Double] = []
        var yielded: [Double] = []
        while time < 50 {
            let (action, next) = policy.decide(at: time)
            if action == .goOn { went.append(time) }
            if action == yield { yielded.append(time) }
            // Requests that come and go meanwhile do not take it away.
            policy.requestBegan()
            policy.requestEnded(at: time)
            time = next ?? .infinity
        }
        #expect(went == [20, 42])
        #expect(!yielded.contains { (20..<22).contains($0) || (42..<44).contains($0) } && yielded.contains(22))
    }
}

private func == (
    left: (action: TrainingPreemption.Action?, next: Double?), right: (TrainingPreemption.Action?, Double?)
) -> Bool {
    left.action == right.0 && left.next == right.1
}

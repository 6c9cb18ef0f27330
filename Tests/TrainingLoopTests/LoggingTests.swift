import Foundation
import JSONDocuments
import Testing
import TrainingLoop

struct LoggingTests {
    @Test(arguments: [
        (0.0, "0:00:00"), (59.9, "0:00:59"), (3725.678, "1:02:05"), (86_400.0, "1 day, 0:00:00"),
        (190_000.0, "2 days, 4:46:40"),
    ])
    func clock(seconds: Double, text: String) { #expect(Durations.clock(seconds) == text) }

    @Test func hundredths() { #expect(Durations.withHundredths(3725.678) == "1:02:05.67") }

    @Test func lineHasTheReferencesFieldsInOrder() {
        var line = TrainerLogLine(
            record: ["loss": 5.680556297302246, "grad_norm": 1.5, "learning_rate": 0.001, "epoch": 1.0], step: 2,
            totalSteps: 4, elapsed: 0.06, remaining: 0.06)
        line.tokens = (368, 5733.8)
        #expect(
            line.json.serialized(.spaced)
                == #"{"current_steps": 2, "total_steps": 4, "loss": 5.680556297302246, "lr": 0.001, "epoch": 1.0, "#
                + #""percentage": 50.0, "elapsed_time": "0:00:00", "remaining_time": "0:00:00", "throughput": 5733.8, "#
                + #""total_tokens": 368}"#)
    }

    @Test func lineTellsTheAccuracyOfRewards() {
        let line = TrainerLogLine(
            record: ["loss": 0.5, "learning_rate": 0.001, "rewards/accuracies": 0.75], step: 1, totalSteps: 4,
            elapsed: 1, remaining: 3)
        #expect(line.json.serialized().contains(#""loss":0.5,"accuracy":0.75,"lr":0.001"#))
    }

    @Test func cutDropsLaterStepsAndSummaries() {
        let lines = [
            #"{"current_steps": 1, "loss": 2.0}"#, #"{"current_steps": 2, "eval_loss": 2.0}"#,
            #"{"current_steps": 2}"#, #"{"current_steps": 3, "loss": 1.0}"#,
        ]
        let kept = TrainerLog.cut(Array(lines.joined(separator: "\n").utf8), after: 2)
        #expect(String(decoding: kept, as: UTF8.self) == lines[0] + "\n" + lines[1] + "\n")
    }

    @Test func cutKeepsLinesByTheirNumber() {
        let bytes = Array("{}\n{\"a\":1}\n{}\n".utf8)
        #expect(TrainerLog.cut(bytes, afterLine: 2) == Array("{}\n{\"a\":1}\n".utf8))
        #expect(TrainerLog.cut(bytes, afterLine: 0) == [] && TrainerLog.cut(bytes, afterLine: 3) == bytes)
        #expect(TrainerLog.cut(bytes, afterLine: 4) == nil && TrainerLog.cut([], afterLine: 1) == nil)
    }

    @Test func smoothing() {
        let expected = [5, 4.111918, 3.124443, 2.125845, 1.126002]
        for (found, value) in zip(LossCurve.smoothed([5, 4, 3, 2, 1]), expected) { #expect(abs(found - value) < 1e-6) }
    }

    @Test func parameterLineGroupsDigits() {
        #expect(groupedDigits(1_234_567) == "1,234,567")
        #expect(groupedDigits(999) == "999")
    }

    @Test func curveIsAPictureOf100DotsAnInch() throws {
        let history: [JSONObject] = (1...20).map { ["loss": .number(1 / Double($0)), "step": .integer($0)] }
        let curve = try #require(LossCurve(key: "loss", history: history))
        let png = try LossPlot(curve: curve, title: "training loss of x").png()
        #expect(Array(png.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        #expect(Array(png[37..<41]) == Array("pHYs".utf8) && Array(png[41..<45]) == [0, 0, 0x0f, 0x61])
        #expect(LossCurve(key: "eval_loss", history: history) == nil)
    }
}

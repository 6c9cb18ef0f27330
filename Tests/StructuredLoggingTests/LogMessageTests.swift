import Foundation
import StructuredLogging
import Testing

struct LogMessageTests {
    private static let catalogue = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("systemd/finetuned.catalog")

    @Test func identifiersAreDifferentAndOf128Bits() {
        let identifiers = LogMessage.all.map { "\($0.identifier)" }
        #expect(Set(identifiers).count == identifiers.count)
        #expect(identifiers.allSatisfy { $0.count == 32 && UInt64($0.prefix(16), radix: 16) != nil })
    }

    @Test func theCatalogueIsTheTable() throws {
        if ProcessInfo.processInfo.environment["FINETUNED_UPDATE"] != nil {
            try LogMessage.catalogue.write(to: Self.catalogue, atomically: true, encoding: .utf8)
        }
        let kept = try String(contentsOf: Self.catalogue, encoding: .utf8)
        #expect(kept == LogMessage.catalogue, "run once with FINETUNED_UPDATE=1")
    }

    @Test func anEntryOfTheJournalCarriesItsFields() {
        let entry = Logger.journalEntry(
            .warning, "a job failed", ["job": "42", "user": "1000", "step": "7", "method": "job.get", "kind": "oom"],
            identifier: "\(LogMessage.jobFailed.identifier)")
        #expect(
            entry == [
                "MESSAGE=a job failed", "PRIORITY=4", "SYSLOG_IDENTIFIER=finetuned",
                "MESSAGE_ID=09e7b4d6c3a84f5f92d1507ea8f6c23b", "FT_JOB_ID=42", "FT_USER=1000", "FT_STEP=7",
                "FT_METHOD=job.get", "FT_KIND=oom",
            ])
        #expect(!Logger.journalEntry(.info, "m", [:], identifier: nil).contains { $0.hasPrefix("MESSAGE_ID") })
    }

    @Test func aLineKeepsHostileValuesOnOneLine() {
        let line = Logger.line(.error, "constant", ["reason": "a\nfake: \"entry\""])
        #expect(line == "error: constant reason=\"a\\nfake: \\\"entry\\\"\"\n")
    }
}

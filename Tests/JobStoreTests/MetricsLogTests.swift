import Foundation
import JSONDocuments
import JobStore
import LinuxSystem
import ServiceAPI
import Testing

struct MetricsLogTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path("metrics.log") }

    private func append(_ numbers: ClosedRange<Int64>) throws {
        let log = try MetricsLog(path: path)
        let records = numbers.map { (JobEvent.Kind.progress, ["step": .integer($0)] as JSONObject) }
        let events = try log.append(records, after: numbers.lowerBound - 1, at: "T")
        #expect(events.map(\.seq) == Array(numbers))
        #expect(log.lastSequence == numbers.upperBound)
    }

    private func sequences(since: Int64 = 0, limit: Int = .max) -> [Int64] {
        (try? MetricsLog.events(at: path, since: since, limit: limit).map(\.seq)) ?? []
    }

    @Test func recordsComeBackFromAnyPlace() throws {
        #expect(sequences().isEmpty)
        try append(1...700)
        try append(701...2000)
        #expect(sequences() == Array(1...2000))
        for since in [0, 1, 2, 699, 700, 1001, 1998, 1999, 2000, 5000] as [Int64] {
            #expect(sequences(since: since) == Array((since + 1)...max(2000, since + 1)).filter { $0 <= 2000 })
        }
        #expect(sequences(since: 1200, limit: 3) == [1201, 1202, 1203])
        #expect(try MetricsLog.events(at: path, since: 1999).first?.fields["step"]?.integer == 2000)
    }

    /// A reader that goes on from its place finds what one finds who looks for the number, whatever lies between.
    @Test func whoReadsOnMissesNothing() throws {
        try append(1...900)
        var place = MetricsLog.Place()
        func page(since: Int64, _ limit: Int) throws -> [Int64] {
            try MetricsLog.events(at: path, since: since, limit: limit, from: &place).map(\.seq)
        }
        #expect(try page(since: 0, 128) == Array(1...128))
        #expect(try page(since: 128, 128) == Array(129...256))
        // Some of a page were not taken; later ones were passed over.
        #expect(try page(since: 200, 50) == Array(201...250))
        #expect(try page(since: 400, 100) == Array(401...500))
        #expect(try page(since: 890, 100) == Array(891...900))
        #expect(try page(since: 900, 100).isEmpty)
        try append(901...1000)
        #expect(try page(since: 900, 1000) == Array(901...1000))
        // The log was cut, as after a crash, and grew again.
        try Data(contentsOf: URL(fileURLWithPath: path)).prefix(1000).write(to: URL(fileURLWithPath: path))
        #expect(try page(since: 3, 2) == [4, 5])
    }

    @Test func aCutRecordIsDroppedAndItsNumberGivenAgain() throws {
        try append(1...3)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for missing in 1...20 {
            try whole.dropLast(missing).write(to: URL(fileURLWithPath: path))
            #expect(sequences() == [1, 2])
            #expect(try MetricsLog(path: path).lastSequence == 2)
            try append(3...4)
            #expect(sequences() == [1, 2, 3, 4])
        }
    }

    @Test func aDamagedRecordIsLeftOut() throws {
        try append(1...5)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = try #require(bytes.range(of: Data("\"step\":3".utf8)))
        bytes[place.upperBound - 1] = UInt8(ascii: "4")
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(sequences() == [1, 2, 4, 5])
        #expect(try MetricsLog(path: path).lastSequence == 5)
    }

    @Test func theChecksumIsThatOfZlib() throws {
        try append(1...1)
        let line = try String(contentsOfFile: path, encoding: .utf8).dropLast()
        #expect(line == "5930e860 1 {\"kind\":\"progress\",\"at\":\"T\",\"fields\":{\"step\":1}}")
    }
}

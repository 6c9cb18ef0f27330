import DaemonService
import ServiceAPI
import Testing

/// Loads and ends models that are only names, and remembers what it did.
private final class Loader {
    var loaded: [String] = []
    var ended: [String] = []
    /// How often loading fails for want of memory before it succeeds.
    var failures = 0

    struct OutOfMemory: Error {}
    struct Broken: Error {}

    func load(_ name: String) throws -> String {
        if failures > 0 {
            failures -= 1
            throw OutOfMemory()
        }
        if name == "broken" { throw Broken() }
        loaded.append(name)
        return name
    }
}

@Suite struct ResidentTableTests {
    private var table: ResidentTable<String, String>
    private let loader = Loader()

    init() { table = ResidentTable(limits: .init(models: 3, memory: 1000, keepAlive: .seconds(60))) }

    private mutating func use(_ name: String, _ bytes: Int, at time: Double, leaveOpen: Bool = false) throws {
        let loader = loader
        let model = try table.obtain(
            name, expecting: bytes, at: time, isOutOfMemory: { $0 is Loader.OutOfMemory },
            load: { try loader.load(name) }, end: { loader.ended.append($0) })
        #expect(model == name)
        table.begin(name, at: time)
        if !leaveOpen { table.end(name, at: time) }
    }

    @Test mutating func aModelIsLoadedOnce() throws {
        try use("a", 100, at: 1)
        try use("a", 100, at: 2)
        #expect(loader.loaded == ["a"] && table.keys == ["a"] && table["a"]?.lastUse == 2)
    }

    @Test mutating func theLeastRecentlyUsedMakesRoom() throws {
        for (time, name) in ["a", "b", "c", "a", "d"].enumerated() { try use(name, 10, at: Double(time)) }
        #expect(loader.ended == ["b"] && table.keys == ["a", "c", "d"])
    }

    @Test mutating func memoryMakesRoomToo() throws {
        try use("a", 400, at: 1)
        try use("b", 400, at: 2)
        try use("c", 700, at: 3)
        #expect(loader.ended == ["a", "b"] && table.keys == ["c"])
    }

    @Test mutating func theMeasuredMemoryCountsWhereItIsMore() throws {
        try use("a", 100, at: 1)
        table.measured("a", anonymous: 300, shared: 300)
        #expect(table["a"]?.charge == 600)
        try use("b", 500, at: 2)
        #expect(loader.ended == ["a"])
        table.measured("b", anonymous: 10, shared: 20)
        // Pages of the weights that were not touched yet will be.
        #expect(table["b"]?.charge == 500)
    }

    @Test mutating func aModelInUseStays() throws {
        try use("a", 400, at: 1, leaveOpen: true)
        try use("b", 400, at: 2)
        try use("c", 500, at: 3, leaveOpen: true)
        #expect(loader.ended == ["b"])
        #expect(throws: ResidentRefusal.allInUse(models: 2)) { try use("d", 200, at: 4) }
        #expect(table.keys == ["a", "c"] && loader.ended == ["b"], "a refusal ends nothing")
        table.end("a", at: 5)
        try use("d", 200, at: 6)
        #expect(loader.ended == ["b", "a"])
    }

    @Test mutating func whatCannotFitIsRefusedAtOnce() throws {
        try use("a", 400, at: 1)
        #expect(throws: ResidentRefusal.tooLarge(needed: 1001, limit: 1000)) {
            try use("b", 1001, at: 2)
        }
        #expect(table.keys == ["a"] && loader.ended.isEmpty)
    }

    @Test mutating func weightsForAModelThatWasThereForItsTokenizer() throws {
        try use("a", 0, at: 1)
        try use("b", 900, at: 2)
        #expect(loader.ended.isEmpty)
        try use("a", 300, at: 3)
        #expect(loader.ended == ["b"] && table["a"]?.charge == 300 && loader.loaded == ["a", "b"])
    }

    @Test mutating func aModelThatHasOutgrownTheLimitStaysUsable() throws {
        try use("a", 100, at: 1, leaveOpen: true)
        table.measured("a", anonymous: 2000, shared: 0)
        try use("a", 100, at: 2)
        #expect(table.keys == ["a"])
        #expect(table.takeExcess(keeping: "a").isEmpty)
    }

    @Test mutating func excessGoesFromTheOldest() throws {
        for (time, name) in ["a", "b", "c"].enumerated() { try use(name, 300, at: Double(time)) }
        table.measured("c", anonymous: 500, shared: 0)
        #expect(table.takeExcess(keeping: "c") == ["a"])
        #expect(table.takeExcess(keeping: "c").isEmpty)
    }

    @Test mutating func oneMoreTryAfterIdleModelsWereEnded() throws {
        try use("a", 10, at: 1)
        try use("b", 10, at: 2, leaveOpen: true)
        loader.failures = 1
        try use("c", 10, at: 3)
        #expect(loader.ended == ["a"] && table.keys == ["b", "c"])
        loader.failures = 2
        #expect(throws: Loader.OutOfMemory.self) { try use("d", 10, at: 4) }
        #expect(loader.ended == ["a", "c"] && table.keys == ["b"])
        loader.failures = 1
        // Nothing is left that could be ended, so there is no second try.
        #expect(throws: Loader.OutOfMemory.self) { try use("e", 10, at: 5) }
        #expect(loader.failures == 0)
    }

    @Test mutating func anotherFailureIsNotTriedAgain() throws {
        try use("a", 10, at: 1)
        #expect(throws: Loader.Broken.self) { try use("broken", 10, at: 2) }
        #expect(table.keys == ["a"] && loader.ended.isEmpty)
    }

    @Test mutating func keepAliveBeginsWithTheLastUse() throws {
        try use("a", 10, at: 100, leaveOpen: true)
        #expect(table.nextExpiry == nil, "in use")
        table.end("a", at: 150)
        #expect(table.nextExpiry == 210)
        #expect(table.takeExpired(at: 209).isEmpty)
        try use("a", 10, at: 209)
        #expect(table.nextExpiry == 269)
        #expect(table.takeExpired(at: 269) == ["a"] && table.count == 0)
    }

    @Test mutating func keepAlivePerRequest() throws {
        try use("a", 10, at: 1)
        table.begin("a", keepAlive: .forever, at: 2)
        table.end("a", at: 2)
        #expect(table.nextExpiry == nil)
        // A request that says nothing leaves what another has said.
        try use("a", 10, at: 3)
        #expect(table.nextExpiry == nil)
        table.begin("a", keepAlive: .seconds(0), at: 4)
        table.begin("a", at: 5)
        table.end("a", at: 6)
        #expect(table.takeExpired(at: 6).isEmpty, "the other request still uses it")
        table.end("a", at: 7)
        #expect(table.takeExpired(at: 7) == ["a"])
    }
}

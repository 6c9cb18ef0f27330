package import ServiceAPI

package struct ResidentLimits: Sendable {
    /// Most models at a time.
    package var models: Int
    /// Most bytes of all models together; nil for no bound.
    package var memory: Int?
    /// How long a model stays whose users did not say.
    package var keepAlive: KeepAlive

    package init(models: Int, memory: Int? = nil, keepAlive: KeepAlive = .forever) {
        self.models = models
        self.memory = memory
        self.keepAlive = keepAlive
    }
}

package struct ResidentEntry<Model> {
    package let model: Model
    /// Requests that use it now; a model in use is never ended to make room.
    package fileprivate(set) var uses = 0
    package fileprivate(set) var lastUse: Double
    package fileprivate(set) var keepAlive: KeepAlive
    /// What its weights are going to take once they are all in memory.
    package fileprivate(set) var expected: Int
    /// Measured bytes, the process' own and those of mapped files.
    package fileprivate(set) var anonymous = 0
    package fileprivate(set) var shared = 0

    /// Bytes that count against the limit: pages that are not resident yet count too, for they will be.
    package var charge: Int { max(expected, anonymous + shared) }

    /// When it goes unless it is used again; nil for never, or while it is used.
    package var expiry: Double? {
        guard uses == 0, case .seconds(let seconds) = keepAlive else { return nil }
        return lastUse + seconds
    }
}

package enum ResidentRefusal: Error, Equatable {
    /// It would not fit even alone.
    case tooLarge(needed: Int, limit: Int)
    /// Everything that could make room is in use.
    case allInUse(models: Int)
}

/// Which models are in memory, who uses them, and which must go. Values only: time and memory come from outside.
package struct ResidentTable<Key: Hashable & Comparable, Model> {
    package typealias Entry = ResidentEntry<Model>

    /// May change at any time; what is above them goes when somebody needs the room.
    package var limits: ResidentLimits
    private var entries: [Key: Entry] = [:]

    package init(limits: ResidentLimits) { self.limits = limits }

    package var count: Int { entries.count }
    package var keys: [Key] { entries.keys.sorted() }
    package subscript(key: Key) -> Entry? { entries[key] }

    // MARK: Finding and loading

    /// The model of a key, loaded when it is not there and after others were ended to make room.
    ///
    /// - Parameters:
    ///   - expected: bytes of weights that the request needs in memory, 0 for none
    ///   - load: makes the model; when it throws for want of memory, every idle model is ended and it is asked once more
    ///   - end: ends a model that has left the table
    /// - Throws: `ResidentRefusal`, and what `load` throws
    package mutating func obtain(
        _ key: Key, expecting expected: Int, at now: Double, isOutOfMemory: (any Error) -> Bool = { _ in false },
        load: () throws -> Model, end: (Model) -> Void
    ) throws -> Model {
        let needed = max(expected, entries[key]?.charge ?? 0)
        let isNew = entries[key] == nil
        // What is in memory already stays usable, also where it has outgrown the limit.
        let mayRefuse = isNew || needed > entries[key]?.charge ?? 0
        for model in try makeRoom(for: key, needed: needed, isNew: isNew, mayRefuse: mayRefuse) { end(model) }
        if var entry = entries[key] {
            entry.expected = max(entry.expected, expected)
            entry.lastUse = now
            entries[key] = entry
            return entry.model
        }
        let model: Model
        do {
            model = try load()
        } catch  where isOutOfMemory(error) {
            let idle = endIdle(except: key)
            if idle.isEmpty { throw error }
            idle.forEach(end)
            model = try load()
        }
        entries[key] = Entry(model: model, lastUse: now, keepAlive: limits.keepAlive, expected: expected)
        return model
    }

    private mutating func makeRoom(
        for key: Key, needed: Int, isNew: Bool, mayRefuse: Bool
    ) throws(ResidentRefusal) -> [Model] {
        if mayRefuse, let memory = limits.memory, needed > memory {
            throw .tooLarge(needed: needed, limit: memory)
        }
        var rest = entries
        rest[key] = nil
        var ended: [Model] = []
        func isFull() -> Bool {
            if isNew, rest.count >= limits.models { return true }
            guard let memory = limits.memory else { return false }
            // Subtracting cannot overflow where a sum could.
            return rest.values.reduce(memory) { $0 - min($1.charge, memory) } < needed
        }
        while isFull() {
            guard let victim = Self.leastRecentlyUsed(of: rest) else {
                if mayRefuse { throw .allInUse(models: rest.count) }
                break
            }
            if let model = rest.removeValue(forKey: victim)?.model { ended.append(model) }
        }
        // A refusal has changed nothing.
        if let own = entries[key] { rest[key] = own }
        entries = rest
        return ended
    }

    private static func leastRecentlyUsed(of entries: [Key: Entry]) -> Key? {
        entries.filter { $0.value.uses == 0 }
            .min { ($0.value.lastUse, $0.key) < ($1.value.lastUse, $1.key) }?.key
    }

    // MARK: Use

    /// A request begins to use a model.
    package mutating func begin(_ key: Key, keepAlive: KeepAlive? = nil, at now: Double) {
        entries[key]?.uses += 1
        entries[key]?.lastUse = now
        if let keepAlive { entries[key]?.keepAlive = keepAlive }
    }

    /// A request has ended; a model that is not kept goes at the next `takeExpired`.
    package mutating func end(_ key: Key, at now: Double) {
        guard let entry = entries[key], entry.uses > 0 else { return }
        entries[key]?.uses -= 1
        entries[key]?.lastUse = now
    }

    package mutating func measured(_ key: Key, anonymous: Int, shared: Int) {
        entries[key]?.anonymous = anonymous
        entries[key]?.shared = shared
    }

    // MARK: Leaving

    /// Takes a model out whatever it is doing.
    @discardableResult
    package mutating func remove(_ key: Key) -> Model? { entries.removeValue(forKey: key)?.model }

    /// Takes out the models whose time is over.
    package mutating func takeExpired(at now: Double) -> [Model] {
        let over = entries.filter { $0.value.expiry.map { $0 <= now } ?? false }
        return over.keys.sorted().compactMap { remove($0) }
    }

    /// When `takeExpired` has something to do next.
    package var nextExpiry: Double? { entries.values.compactMap(\.expiry).min() }

    /// Takes out idle models, the least recently used first, while all together are above the limit.
    ///
    /// - Parameter kept: the model that has just been used
    package mutating func takeExcess(keeping kept: Key) -> [Model] {
        guard let limit = limits.memory else { return [] }
        var ended: [Model] = []
        while entries.values.reduce(0, { $0 + $1.charge }) > limit,
            let victim = Self.leastRecentlyUsed(of: entries.filter { $0.key != kept })
        {
            if let model = remove(victim) { ended.append(model) }
        }
        return ended
    }

    /// Takes out every idle model but one: what can be done when memory has run out.
    package mutating func endIdle(except kept: Key) -> [Model] {
        let idle = entries.filter { $0.key != kept && $0.value.uses == 0 }
        return idle.keys.sorted().compactMap { remove($0) }
    }
}

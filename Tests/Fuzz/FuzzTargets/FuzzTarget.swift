/// One door through which text from outside comes in.
///
/// A new target is one file in `Targets/` and one line in `FuzzTargets.swift`.
package protocol FuzzTarget: SendableMetatype {
    static var name: String { get }
    /// Well-formed inputs to start from.
    static var seeds: [[UInt8]] { get }
    /// Pieces that mean something here and are put in at random places.
    static var tokens: [String] { get }
    /// Whether what `generate` makes is still changed as text is, with bytes put in and taken out: most binary forms
    /// find nothing after that.
    static var changesGenerated: Bool { get }
    init() throws
    /// A new input made by the door's own grammar, nil to change a seed instead.
    mutating func generate(_ random: inout Randomness) throws -> [UInt8]?
    /// Must return, or throw an error of the kind it is made for, in bounded time. `BrokenPromise` is never that.
    mutating func take(_ input: [UInt8]) throws
    /// Whether an error is one that this door is meant to give.
    static func isExpected(_ error: any Error) -> Bool
}

extension FuzzTarget {
    package static var changesGenerated: Bool { true }

    package mutating func generate(_ random: inout Randomness) throws -> [UInt8]? { nil }
}

/// What must hold for every input did not hold for this one.
package struct BrokenPromise: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// splitmix64: the same inputs for the same number everywhere.
package struct Randomness {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A number below `bound`, 0 when there is none.
    package mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }
    package mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
    package mutating func element<T>(_ elements: [T]) -> T? { elements.isEmpty ? nil : elements[below(elements.count)] }
}

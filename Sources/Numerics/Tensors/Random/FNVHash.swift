/// FNV-1a with 64 bits, taken value by value (Fowler, Noll and Vo): the same on every machine and in every run.
package struct FNVHash: Sendable {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func add(_ next: UInt64) { value = (value ^ next) &* 0x100_0000_01b3 }
}

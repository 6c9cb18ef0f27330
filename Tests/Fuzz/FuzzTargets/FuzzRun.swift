/// Inputs of one target, by number: the same number is the same input.
package struct FuzzRun<Target: FuzzTarget> {
    private var target: Target
    private let seeds = Target.seeds
    private let tokens = Target.tokens

    package init(_ type: Target.Type) throws { target = try Target() }

    package mutating func input(_ number: Int) throws -> [UInt8] {
        var random = Randomness(UInt64(truncatingIfNeeded: number) &* 0x2545_F491_4F6C_DD1D)
        let seed = random.element(seeds) ?? []
        let generated = try target.generate(&random)
        let start = generated ?? seed
        // Some stay as the grammar made them.
        if random.oneIn(8) || (generated != nil && !Target.changesGenerated) { return start }
        return Mutation.mutate(start, other: random.element(seeds) ?? [], tokens: tokens, &random)
    }

    /// Gives the input of this number to the door; an unexpected error is thrown on.
    ///
    /// - Returns: whether it was accepted
    package mutating func take(_ number: Int) throws -> Bool {
        do {
            try target.take(try input(number))
            return true
        } catch  where !(error is BrokenPromise) && Target.isExpected(error) {
            return false
        }
    }
}

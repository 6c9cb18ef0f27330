import FuzzTargets
import Testing

/// A small share of `make fuzz` in every run of the tests.
@Suite(.timeLimit(.minutes(2))) struct FuzzTests {
    @Test(arguments: FuzzTargets.all.map { $0.name })
    func twoThousandInputs(name: String) throws {
        let target = try #require(FuzzTargets.all.first { $0.name == name })
        let accepted = try FuzzDriver(target).run(0..<2000, holdsMemory: false)
        // Neither everything nor nothing gets through, or the inputs would test little.
        #expect((20..<2000).contains(accepted) || name == "wire")
    }
}

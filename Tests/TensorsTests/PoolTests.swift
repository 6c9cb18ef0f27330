import Foundation
import LinuxSystem
import Synchronization
import Tensors
import Testing

@Suite struct PoolTests {
    @Test(arguments: [0, 1, 2, 7, 1000])
    func everyTaskRunsOnce(_ count: Int) {
        let counts = (0..<count).map { _ in Counter() }
        ComputePool.shared.run(count) { counts[$0].value.add(1, ordering: .relaxed) }
        #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }

    @Test func nestedCallsFinish() {
        let total = Counter()
        ComputePool.shared.run(5) { _ in
            ComputePool.shared.forEachBlock(10, atMost: 3) { total.value.add($0.count, ordering: .relaxed) }
        }
        #expect(total.value.load(ordering: .relaxed) == 50)
    }

    @Test func manyCallsFromManyThreads() async {
        let total = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 { ComputePool.shared.run(9) { _ in total.value.add(1, ordering: .relaxed) } }
                }
            }
        }
        #expect(total.value.load(ordering: .relaxed) == 8 * 500 * 9)
    }

    @Test func threadsAreFixedAfterUse() throws {
        let threads = ComputePool.shared.threads
        try ComputePool.configure(threads: threads)
        #expect(throws: TensorError.self) { try ComputePool.configure(threads: threads + 1) }
        #expect(throws: TensorError.self) { try ComputePool.configure(threads: 0) }
    }

    @Test func blasReportsItsCore() throws {
        let blas = try BLAS.load()
        #expect(blas.coreName != "unknown")
        if let requested = blas.requestedCoreType { #expect(blas.coreName.lowercased() == requested.lowercased()) }
        #expect(try BLAS.load() === blas)
    }

    /// Tests compute with the kernels of the programs: both ask the same place.
    @Test func blasUsesTheKernelsThatProgramsAreToldToUse() throws {
        // As this process was started; loading the library completes what it has now.
        let start = try String(contentsOfFile: "/proc/self/environ", encoding: .utf8).split(separator: "\0")
        let given = start.first { $0.hasPrefix("OPENBLAS_CORETYPE=") }?.dropFirst("OPENBLAS_CORETYPE=".count)
        let ofPrograms = OpenBLASEnvironment.completing(given.map { ["OPENBLAS_CORETYPE": String($0)] } ?? [:])
        #expect(try BLAS.load().requestedCoreType == ofPrograms["OPENBLAS_CORETYPE"])
        #expect(ofPrograms["OPENBLAS_NUM_THREADS"] == "1")
    }
}

private final class Counter: Sendable { let value = Atomic(0) }

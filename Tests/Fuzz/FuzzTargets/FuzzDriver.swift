import Glibc
import LinuxSystem
import Synchronization

/// Gives many inputs to a target and says where it went wrong.
package struct FuzzDriver {
    private let target: any FuzzTarget.Type
    /// Holds the number of the input that is being worked on, which survives a crash.
    private let place: Int32?
    private let watch = Watch()

    /// An input that takes longer ends the process; sanitizers make everything several times slower.
    private static let patience: UInt64 = 10_000_000_000
    /// Growth of the process from the first tenth of the inputs to the last.
    private static let memoryLimit = 16 << 20

    /// What the watching thread reads.
    private final class Watch: Sendable {
        let number = Atomic<Int>(0)
        let since = Atomic<UInt64>(0)
    }

    package init(_ target: any FuzzTarget.Type, placeFile: String? = nil) throws {
        self.target = target
        // Open until the process ends.
        place = try placeFile.map { try FileDescriptor.open($0, O_RDWR | O_CREAT | O_TRUNC).release() }
    }

    /// - Returns: how many inputs were accepted
    /// - Throws: the unexpected error, with the number of its input
    package func run(_ numbers: Range<Int>, holdsMemory: Bool = true) throws -> Int {
        try run(target, numbers, holdsMemory)
    }

    private func run<Target: FuzzTarget>(_ type: Target.Type, _ numbers: Range<Int>, _ holdsMemory: Bool) throws -> Int
    {
        var run = try FuzzRun(type)
        var accepted = 0
        var memory = 0
        for number in numbers {
            watch.number.store(number, ordering: .relaxed)
            watch.since.store(MonotonicClock.nanoseconds, ordering: .relaxed)
            if let place { try note(number, in: place) }
            do {
                if try run.take(number) { accepted += 1 }
            } catch {
                throw BrokenPromise("\(Target.name), input \(number): \(error)")
            }
            if number == numbers.lowerBound + numbers.count / 10 { memory = MemoryUsage()?.resident ?? 0 }
        }
        watch.since.store(0, ordering: .relaxed)
        let growth = (MemoryUsage()?.resident ?? 0) - memory
        if holdsMemory && growth > Self.memoryLimit {
            throw BrokenPromise("\(Target.name): the process grew by \(growth >> 20) MiB")
        }
        return accepted
    }

    private func note(_ number: Int, in file: Int32) throws {
        let text = Array(String(number).utf8) + [10]
        lseek(file, 0, SEEK_SET)
        _ = unsafe write(file, text, text.count)
    }

    /// Starts a thread that ends the process when an input takes too long.
    package func endWhenStuck() throws {
        let name = target.name
        try DedicatedThread.start("fuzz-watch", stackSize: 1 << 19) { [watch] in
            while true {
                sleep(1)
                let since = watch.since.load(ordering: .relaxed)
                if since > 0, MonotonicClock.nanoseconds > since + Self.patience {
                    let number = watch.number.load(ordering: .relaxed)
                    print("fuzz: \(name), input \(number) took more than \(Self.patience / 1_000_000_000) s")
                    _exit(1)
                }
            }
        }
    }
}

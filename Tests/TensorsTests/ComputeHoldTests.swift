import Foundation
import Synchronization
import Tensors
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct ComputeHoldTests {
    @Test func nothingBeginsWhileItIsHeld() {
        let hold = ComputeHold()
        #expect(!hold.isHeld)
        hold.wait()
        hold.begin()
        #expect(hold.isHeld)
        let passed = Flag()
        let group = DispatchGroup()
        DispatchQueue(label: "waiting").async(group: group) {
            hold.wait()
            passed.set()
        }
        usleep(50_000)
        #expect(!passed.isSet)
        hold.end()
        group.wait()
        #expect(passed.isSet && !hold.isHeld)
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

import CKernels
import Glibc

/// The tiles of AMX, in which split products run where the processor has them and the operating system lets them.
package enum MatrixTiles {
    package enum State: Sendable, Equatable {
        case ready
        /// Why products run without tiles, slower and with the same bits; text for a log.
        case unavailable(reason: String)
    }

    /// Asks for the tiles on behalf of the whole process; to be called before its threads compute.
    @discardableResult
    package static func request() -> State {
        var error: Int32 = 0
        switch kernel_request_tiles(&error) {
        case .ready:
            return .ready
        case .absent:
            return .unavailable(reason: "the processor has no AMX tiles for bfloat16, or the kernel does not save them")
        case .off:
            return .unavailable(reason: "FINETUNED_KERNELS=\(level) leaves AMX out")
        case .denied:
            let answer = String(cString: strerror(error))
            return .unavailable(reason: "the kernel denied AMX tiles to this process: \(answer) (arch_prctl)")
        }
    }

    /// The level of the element loops in use: `scalar`, `avx2`, `avx512` or `amx`.
    package static var level: String { String(cString: kernel_level_name(kernel_level_active())) }

    /// Whether split products run in tiles.
    package static var areReady: Bool { kernel_level_active() == .amx }
}

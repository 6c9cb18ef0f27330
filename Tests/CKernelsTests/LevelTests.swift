import CKernels
import Foundation
import Testing

@Suite struct LevelTests {
    @Test func everyLevelUpToTheSupportedOneHasATable() {
        for level in [kernel_level.scalar, .avx2, .avx512] {
            let isSupported = level.rawValue <= kernel_level_supported().rawValue
            #expect((kernel_table_for_level(level) != nil) == isSupported)
        }
        if kernel_level_supported() != .amx { #expect(kernel_table_for_level(.amx) == nil) }
        #expect(kernel_level_active().rawValue <= kernel_level_supported().rawValue)
    }

    @Test func levelsHaveTheNamesOfTheEnvironmentVariable() {
        let names = [kernel_level.scalar, .avx2, .avx512, .amx].map { String(cString: kernel_level_name($0)) }
        #expect(names == ["scalar", "avx2", "avx512", "amx"])
    }

    /// `make test` runs this once more for each word of the variable.
    @Test func tilesAreUsedWhenTheyAreRequestedAndMayBe() {
        var error: Int32 = 0
        let state = kernel_request_tiles(&error)
        #expect(kernel_request_tiles(&error) == state, "a second request")
        #expect((state == .denied) == (error != 0))
        #expect((kernel_level_active() == .amx) == (state == .ready))
        let asked = ProcessInfo.processInfo.environment["FINETUNED_KERNELS"]
        let isLowered = ["scalar", "avx2", "avx512"].contains(asked)
        switch kernel_level_supported() {
        case .amx: #expect(isLowered ? state == .off : state == .ready || state == .denied)
        default: #expect(state == .absent)
        }
    }
}

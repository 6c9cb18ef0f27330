import CKernels
import Testing

@Suite struct LevelTests {
    @Test func everyLevelUpToTheSupportedOneHasATable() {
        for level in [kernel_level.scalar, .avx2, .avx512] {
            let isSupported = level.rawValue <= kernel_level_supported().rawValue
            #expect((kernel_table_for_level(level) != nil) == isSupported)
        }
        #expect(kernel_level_active().rawValue <= kernel_level_supported().rawValue)
    }

    @Test func levelsHaveTheNamesOfTheEnvironmentVariable() {
        let names = [kernel_level.scalar, .avx2, .avx512].map { String(cString: kernel_level_name($0)) }
        #expect(names == ["scalar", "avx2", "avx512"])
    }
}

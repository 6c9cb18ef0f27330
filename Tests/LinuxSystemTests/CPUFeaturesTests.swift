import LinuxSystem
import Testing

struct CPUFeaturesTests {
    @Test func theKernelsOfOpenBLASFollowTheInstructions() {
        for isAMD in [false, true] {
            #expect(CPUFeatures.openBLASCoreType(hasAVX512: true, hasAVX2: true, isAMD: isAMD) == "SkylakeX")
            #expect(CPUFeatures.openBLASCoreType(hasAVX512: false, hasAVX2: false, isAMD: isAMD) == nil)
        }
        #expect(CPUFeatures.openBLASCoreType(hasAVX512: false, hasAVX2: true, isAMD: false) == "Haswell")
        #expect(CPUFeatures.openBLASCoreType(hasAVX512: false, hasAVX2: true, isAMD: true) == "Zen")
    }

    @Test func whatTheUserSaysAboutKernelsStays() {
        let given = ["OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "8", "HOME": "/root"]
        #expect(
            OpenBLASEnvironment.completing(given)
                == ["OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1", "HOME": "/root"])
        #expect(OpenBLASEnvironment.completing([:])["OPENBLAS_CORETYPE"] == CPUFeatures.openBLASCoreType)
    }
}

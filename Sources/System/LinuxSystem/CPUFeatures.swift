import CLinuxShims

/// What the processor can do and the operating system lets it do.
package enum CPUFeatures {
    private static let features = linux_get_cpu_features()

    /// A short name of the widest usable vector instructions.
    package static var vectorInstructions: String {
        features.avx512 ? "avx512" : features.avx2_fma ? "avx2" : "sse2"
    }

    /// Whether there are tiles for bfloat16 (AMX), which a process may still be denied.
    package static var hasTiles: Bool { features.amx_bf16 }

    /// The value of OPENBLAS_CORETYPE that fits this processor, nil where OpenBLAS' own choice stands.
    ///
    /// OpenBLAS 0.3.21 knows processors by model number and takes newer ones for 'Prescott', eight times slower than
    /// what they can do; what matters is the instruction set, which CPUID tells.
    package static var openBLASCoreType: String? {
        openBLASCoreType(hasAVX512: features.avx512, hasAVX2: features.avx2_fma, isAMD: features.amd)
    }

    package static func openBLASCoreType(hasAVX512: Bool, hasAVX2: Bool, isAMD: Bool) -> String? {
        if hasAVX512 { return "SkylakeX" }
        if hasAVX2 { return isAMD ? "Zen" : "Haswell" }
        return nil
    }
}

import CKernels

/// What this processor can do, as far as choosing OpenBLAS kernels needs it.
package enum ProcessorLevel {
    /// The level of the element loops: `scalar`, `avx2`, `avx512` or `amx`.
    package static var kernels: String { String(cString: kernel_level_name(kernel_level_active())) }

    /// Value for `OPENBLAS_CORETYPE`, or nil to let OpenBLAS look for itself.
    static var openBLASCoreType: String? {
        switch kernel_level_supported() {
        case .avx512, .amx: "SkylakeX"
        case .avx2: "Haswell"
        case .scalar: nil
        }
    }
}

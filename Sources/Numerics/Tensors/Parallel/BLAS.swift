import Glibc
import LinuxSystem
import Synchronization

/// OpenBLAS, opened at run time because it picks its kernels while being loaded.
///
/// Debian 12's OpenBLAS does not know newer Xeons and falls back to kernels eight times slower unless
/// `OpenBLASEnvironment` is set before the library's constructor runs. Nothing links against it.
package final class BLAS: @unchecked Sendable {
    // Sendable: function pointers only, never written after init.

    /// What OpenBLAS says it uses, e.g. "SkylakeX" or "Haswell".
    package let coreName: String
    /// What was asked for through `OPENBLAS_CORETYPE`, nil when OpenBLAS chose.
    package let requestedCoreType: String?
    /// Library that was opened.
    package let libraryName: String

    typealias SGEMM =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32,
            Float, UnsafeMutablePointer<Float>, Int32
        ) -> Void
    let sgemm: SGEMM

    private static let loaded = Mutex<BLAS?>(nil)
    private static let names = [
        "libopenblas.so.0", "libopenblas.so", "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
    ]

    /// Opens the library once; later calls return the same one.
    ///
    /// - Throws: `TensorError.blasUnavailable` with the loader's answers.
    @discardableResult
    package static func load() throws -> BLAS {
        try loaded.withLock { loaded in
            if let blas = loaded { return blas }
            let blas = try BLAS()
            loaded = blas
            return blas
        }
    }

    private init() throws {
        OpenBLASEnvironment.complete()
        requestedCoreType = getenv(OpenBLASEnvironment.coreType).map { String(cString: $0) }
        var attempts: [String] = []
        for name in Self.names {
            guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
                attempts.append(dlerror().map { String(cString: $0) } ?? name)
                continue
            }
            guard let product = dlsym(handle, "cblas_sgemm") else {
                attempts.append("\(name) has no cblas_sgemm")
                continue
            }
            typealias SetThreads = @convention(c) (Int32) -> Void
            typealias CoreName = @convention(c) () -> UnsafePointer<CChar>?
            if let set = dlsym(handle, "openblas_set_num_threads") { unsafeBitCast(set, to: SetThreads.self)(1) }
            let ask = dlsym(handle, "openblas_get_corename").map { unsafeBitCast($0, to: CoreName.self) }
            coreName = ask?().map { String(cString: $0) } ?? "unknown"
            sgemm = unsafeBitCast(product, to: SGEMM.self)
            libraryName = name
            return
        }
        throw TensorError.blasUnavailable(attempts: attempts)
    }

    /// Whether an operand is used as stored or transposed.
    package enum Transpose: Int32 { case no = 111, yes = 112 }

    /// `c(m, n) = alpha * op(a)(m, k) * op(b)(k, n) + beta * c`, all row-major with the given row strides.
    @inline(__always)
    package func multiply(
        _ transposeA: Transpose, _ transposeB: Transpose, m: Int, n: Int, k: Int, alpha: Float = 1,
        _ a: UnsafePointer<Float>, stride strideA: Int, _ b: UnsafePointer<Float>, stride strideB: Int,
        beta: Float = 0, _ c: UnsafeMutablePointer<Float>, stride strideC: Int
    ) {
        let rowMajor: Int32 = 101
        sgemm(
            rowMajor, transposeA.rawValue, transposeB.rawValue, Int32(m), Int32(n), Int32(k), alpha, a,
            Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
    }
}

import Glibc
import Synchronization

/// OpenBLAS, opened at run time because it picks its kernels while being loaded.
///
/// Debian 12's OpenBLAS does not know newer Xeons and falls back to kernels eight times slower unless
/// `OPENBLAS_CORETYPE` is in the environment before the library's constructor runs. Nothing links against it.
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
    /// - Parameter coreType: value for `OPENBLAS_CORETYPE` when the environment has none; nil asks this processor.
    /// - Throws: `TensorError.blasUnavailable` with the loader's answers.
    @discardableResult
    package static func load(coreType: String? = nil) throws -> BLAS {
        try loaded.withLock { loaded in
            if let blas = loaded { return blas }
            let blas = try BLAS(coreType: coreType)
            loaded = blas
            return blas
        }
    }

    private init(coreType: String?) throws {
        if getenv("OPENBLAS_CORETYPE") == nil, let choice = coreType ?? ProcessorLevel.openBLASCoreType {
            setenv("OPENBLAS_CORETYPE", choice, 1)
        }
        requestedCoreType = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
        // Our pool splits products; a second pool inside the library would fight it for the cores.
        setenv("OPENBLAS_NUM_THREADS", "1", 1)
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
    enum Transpose: Int32 { case no = 111, yes = 112 }

    /// `c(m, n) = alpha * op(a)(m, k) * op(b)(k, n) + beta * c`, all row-major with the given row strides.
    @inline(__always)
    func multiply(
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

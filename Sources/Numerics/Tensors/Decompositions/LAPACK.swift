import Glibc

/// The parts of LAPACK inside OpenBLAS that decompositions need, in double precision.
struct LAPACK: @unchecked Sendable {
    // Sendable: function pointers only, never written after init.
    private typealias RankUpdate =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Double, UnsafePointer<Double>, Int32, Double,
            UnsafeMutablePointer<Double>, Int32
        ) -> Void
    private typealias Product =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Double, UnsafePointer<Double>, Int32, UnsafePointer<Double>,
            Int32, Double, UnsafeMutablePointer<Double>, Int32
        ) -> Void
    private typealias Eigenvectors =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Double>, UnsafePointer<Int32>, UnsafePointer<Double>, UnsafePointer<Double>,
            UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafePointer<Double>, UnsafeMutablePointer<Int32>,
            UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Int32>, UnsafePointer<Int32>, UnsafeMutablePointer<Int32>, Int, Int, Int
        ) -> Void

    private typealias Triangle =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Int32>, Int
        ) -> Void
    private typealias Orthogonalization =
        @convention(c) (
            UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Int32>
        ) -> Void
    private typealias Reflections =
        @convention(c) (
            UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafeMutablePointer<Double>,
            UnsafePointer<Int32>, UnsafePointer<Double>, UnsafeMutablePointer<Double>, UnsafePointer<Int32>,
            UnsafeMutablePointer<Int32>
        ) -> Void

    private let dsyrk: RankUpdate
    private let dgemm: Product
    private let dsyevr: Eigenvectors
    private let dpotrf: Triangle
    private let dpotri: Triangle
    private let dgeqrf: Orthogonalization
    private let dorgqr: Reflections

    private static let loaded = Result { try LAPACK() }

    static func load() throws -> LAPACK { try loaded.get() }

    private init() throws {
        let blas = try BLAS.load()
        // The library is open already; this only asks for its handle.
        guard let handle = dlopen(blas.libraryName, RTLD_NOW | RTLD_LOCAL) else {
            throw TensorError.blasUnavailable(attempts: [dlerror().map { String(cString: $0) } ?? blas.libraryName])
        }
        func symbol<Function>(_ name: String, as type: Function.Type) throws -> Function {
            guard let address = dlsym(handle, name) else {
                throw TensorError.blasUnavailable(attempts: ["\(blas.libraryName) has no \(name)"])
            }
            return unsafeBitCast(address, to: type)
        }
        dsyrk = try symbol("cblas_dsyrk", as: RankUpdate.self)
        dgemm = try symbol("cblas_dgemm", as: Product.self)
        dsyevr = try symbol("dsyevr_", as: Eigenvectors.self)
        dpotrf = try symbol("dpotrf_", as: Triangle.self)
        dpotri = try symbol("dpotri_", as: Triangle.self)
        dgeqrf = try symbol("dgeqrf_", as: Orthogonalization.self)
        dorgqr = try symbol("dorgqr_", as: Reflections.self)
    }

    /// `sum(order, order) += matrix^T * matrix`, or `matrix * matrix^T`; the upper triangle only, all row-major.
    ///
    /// - Parameter matrix: `(depth, order)`, or `(order, depth)` when `acrossColumns`
    func addGram(
        _ matrix: UnsafePointer<Double>, order: Int, depth: Int, acrossColumns: Bool,
        to sum: UnsafeMutablePointer<Double>
    ) {
        let (rowMajor, upper): (Int32, Int32) = (101, 121)
        dsyrk(
            rowMajor, upper, (acrossColumns ? BLAS.Transpose.no : .yes).rawValue, Int32(order), Int32(depth), 1, matrix,
            Int32(acrossColumns ? depth : order), 1, sum, Int32(order))
    }

    /// `result(m, n) = op(left) * right(k, n)`, all row-major.
    ///
    /// - Parameter left: `(m, k)`, or `(k, m)` when transposed
    func multiply(
        _ left: UnsafePointer<Double>, transposed: Bool, _ right: UnsafePointer<Double>, m: Int, n: Int, k: Int,
        into result: UnsafeMutablePointer<Double>
    ) {
        dgemm(
            101, (transposed ? BLAS.Transpose.yes : .no).rawValue, BLAS.Transpose.no.rawValue, Int32(m), Int32(n),
            Int32(k), 1, left, Int32(transposed ? m : k), right, Int32(n), 0, result, Int32(n))
    }

    /// The eigenvectors with the `count` largest eigenvalues of a symmetric matrix, largest first, one behind the other.
    ///
    /// - Parameter matrix: `(order, order)` row-major, the upper triangle; overwritten
    func largestEigenvectors(
        of matrix: UnsafeMutablePointer<Double>, order: Int, count: Int
    ) throws -> [Double] {
        var (size, low, high) = (Int32(order), Int32(order - count + 1), Int32(order))
        var (bound, tolerance, found, info) = (0.0, 0.0, Int32(0), Int32(0))
        var values = [Double](repeating: 0, count: order)
        var vectors = [Double](repeating: 0, count: order * count)
        var support = [Int32](repeating: 0, count: 2 * count)
        var (work, wholeWork) = ([0.0], [Int32(0)])
        func run(_ workCount: Int32, _ wholeCount: Int32) {
            var (workCount, wholeCount) = (workCount, wholeCount)
            // A row-major upper triangle is a column-major lower one.
            dsyevr(
                "V", "I", "L", &size, matrix, &size, &bound, &bound, &low, &high, &tolerance, &found, &values, &vectors,
                &size, &support, &work, &workCount, &wholeWork, &wholeCount, &info, 1, 1, 1)
        }
        // Asked first how much room it wants.
        run(-1, -1)
        let (workCount, wholeCount) = (Int32(work[0]), wholeWork[0])
        work = [Double](repeating: 0, count: Int(workCount))
        wholeWork = [Int32](repeating: 0, count: Int(wholeCount))
        run(workCount, wholeCount)
        guard info == 0, Int(found) == count else {
            throw TensorError.invalidArgument(
                operation: "eigenvectors", name: "matrix", value: "\(order) by \(order), LAPACK's answer \(info)",
                expected: "finite numbers")
        }
        return (0..<count).reversed().flatMap { vectors[$0 * order..<($0 + 1) * order] }
    }

    /// Replaces a symmetric matrix by the upper triangle `U` with `U^T * U` its inverse (Cholesky).
    ///
    /// - Parameter matrix: `(order, order)` row-major, of which the upper triangle is read
    /// - Returns: false where the matrix is not positive definite; it is then overwritten by nothing useful
    func replaceByFactorOfInverse(_ matrix: inout [Double], order: Int) -> Bool {
        var (size, info) = (Int32(order), Int32(0))
        // A row-major upper triangle is a column-major lower one, whose factor `L` is `U^T`.
        for step in [dpotrf, dpotri, dpotrf] {
            step("L", &size, &matrix, &size, &info, 1)
            guard info == 0 else { return false }
        }
        return true
    }

    /// Replaces vectors by orthonormal ones that span the same space (QR by Householder's reflections).
    ///
    /// - Parameters:
    ///   - vectors: one behind the other
    ///   - count: at most `length`
    func orthonormalize(_ vectors: inout [Double], count: Int, length: Int) throws {
        guard vectors.allSatisfy(\.isFinite) else {
            throw TensorError.invalidArgument(
                operation: "orthonormalize", name: "vectors", value: "not finite", expected: "finite numbers")
        }
        var (rows, columns, info) = (Int32(length), Int32(count), Int32(0))
        var scales = [Double](repeating: 0, count: count)
        var (room, size) = ([Double](repeating: 0, count: max(1, 64 * count)), Int32(max(1, 64 * count)))
        dgeqrf(&rows, &columns, &vectors, &rows, &scales, &room, &size, &info)
        if info == 0 { dorgqr(&rows, &columns, &columns, &vectors, &rows, scales, &room, &size, &info) }
        guard info == 0 else {
            throw TensorError.invalidArgument(
                operation: "orthonormalize", name: "vectors", value: "\(count) of \(length), LAPACK's answer \(info)",
                expected: "no more than they are long")
        }
    }
}

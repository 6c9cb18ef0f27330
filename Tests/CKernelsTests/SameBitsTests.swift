import CKernels
import Foundation
import Testing

/// What the header promises: the same bits at every level, for every alignment.
struct SameBitsTests {
    /// The bits that one level gives for one size; every kernel whose result is not a copy takes part.
    private static func bits(_ kernels: kernel_table, size: Int, offset: Int) -> [UInt64] {
        var numbers = NumberStream(size)
        var x = GuardedArray(numbers.array(size, scale: 8), offset: offset)
        var y = GuardedArray(numbers.array(size), offset: (offset * 3) % 16)
        var z = GuardedArray([Float](repeating: 0, count: size), offset: (offset * 5) % 16)
        var result: [UInt64] = []
        func keep(_ values: [Float]) { result += values.map { UInt64($0.bitPattern) } }
        let generator = kernel_philox(key: 42, stream: (1, 2, 3))
        x.withPointer { x in
            y.withPointer { y in
                z.withPointer { z in
                    func kept(_ body: () -> Void) {
                        body()
                        keep((0..<size).map { z[$0] })
                    }
                    kept { kernels.exp_f32(x, z, size) }
                    kept { kernels.tanh_f32(x, z, size) }
                    kept { kernels.softmax_f32(x, z, size) }
                    kept { kernels.silu_gate_f32(x, y, z, size) }
                    kept { kernels.gelu_gate_f32(x, y, z, size) }
                    kept { kernels.rms_norm_f32(x, y, z, nil, size == 0 ? 0 : 1, size, 1e-6, 0) }
                    kept { kernels.add_scaled_f32(x, 0.7, z, size) }
                    kept { kernels.multiply_by_difference_f32(z, y, 0.3, size) }
                    kept {
                        withUnsafePointer(to: generator) {
                            kernels.dropout_f32($0, UInt64(size), x, 1 << 30, 1.25, z, size)
                        }
                    }
                    kept {
                        withUnsafePointer(to: generator) { kernels.philox_uniform_f32($0, UInt64(offset), z, size) }
                    }
                    result.append(UInt64(kernels.dot_f32(x, y, size).bitPattern))
                    result.append(kernels.sum_f32(x, size).bitPattern)
                    result.append(kernels.sum_of_squares_f32(x, size).bitPattern)
                    result.append(kernels.log_sum_exp_f32(x, size).bitPattern)
                    if size > 0 {
                        kept { kernels.matrix_vectors_f32(x, 1, size, y, 1, z, 1) }
                        result.append(kernels.cross_entropy_f32(x, size, size - 1).bitPattern)
                    }
                }
            }
        }
        #expect(x.isIntact && y.isIntact && z.isIntact, "size \(size) offset \(offset)")
        return result
    }

    @Test func everyLevelAndAlignmentGivesTheBitsOfTheScalarOne() throws {
        let scalar = try #require(KernelLevel.all.first).table.pointee
        for size in kernelSizes {
            let expected = Self.bits(scalar, size: size, offset: 0)
            for level in KernelLevel.all {
                for offset in [1, 6, 13] {
                    var found = Self.bits(level.table.pointee, size: size, offset: offset)
                    // The uniform numbers were asked for from another place on.
                    let moved = Self.bits(scalar, size: size, offset: offset)
                    #expect(found == moved, "\(level.testDescription), size \(size), offset \(offset)")
                    found = Self.bits(level.table.pointee, size: size, offset: 0)
                    #expect(found == expected, "\(level.testDescription), size \(size)")
                }
            }
        }
    }

    /// `make test` runs these tests once more for each word of the variable.
    @Test func theEnvironmentVariableChoosesTheLevel() throws {
        let supported = kernel_level_supported()
        let asked = ProcessInfo.processInfo.environment["FINETUNED_KERNELS"]
        let level = KernelLevel.all.first { $0.testDescription == asked }?.level ?? supported
        // Tiles come into use when another test has asked for them.
        #expect(kernel_level_active() == level || level == .amx && kernel_level_active() == .avx512)
        let table = try #require(kernel_table_for_level(kernel_level_active()))
        let values: [Float] = [1, 2, 3]
        #expect(kernel_sum_f32(values, 3) == table.pointee.sum_f32(values, 3))
    }
}

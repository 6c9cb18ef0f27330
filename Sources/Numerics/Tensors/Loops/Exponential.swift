/// The exponential function of eight numbers, within two units in the last place of the exact value.
///
/// Range reduction by ln 2 in two parts and a polynomial of degree six (Cephes, `expf`). Results that a normal float32
/// cannot hold become 0 or infinity; NaN stays NaN.
@inline(__always)
func exponential(_ x: SIMD8<Float>) -> SIMD8<Float> {
    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
    let magic = SIMD8<Float>(repeating: 12_582_912)
    var inside = x
    inside.replace(with: -87.4, where: x .< -87.4)
    inside.replace(with: 88.8, where: x .> 88.8)
    let shifted = inside * 1.442_695_04 + magic
    let whole = shifted - magic
    let r = inside - whole * 0.693_359_375 + whole * 2.121_944_4e-4
    var p = r * 1.987_569_15e-4 + 1.398_199_95e-3
    p = p * r + 8.333_451_9e-3
    p = p * r + 4.166_579_6e-2
    p = p * r + 1.666_666_55e-1
    p = p * r + 5.000_000_1e-1
    p = p * (r * r) + r + 1
    // Half the power is applied twice, so that 2^128 does not overflow on the way.
    let power =
        SIMD8<Int32>(truncatingIfNeeded: unsafeBitCast(shifted, to: SIMD8<UInt32>.self))
        &- SIMD8<Int32>(repeating: 0x4B40_0000)
    let half = power &>> 1
    let first = unsafeBitCast((half &+ 127) &<< 23, to: SIMD8<Float>.self)
    let second = unsafeBitCast((power &- half &+ 127) &<< 23, to: SIMD8<Float>.self)
    var result = p * first * second
    result.replace(with: 0, where: x .< -87.3)
    result.replace(with: .infinity, where: x .> 88.72284)
    result.replace(with: x, where: x .!= x)
    return result
}

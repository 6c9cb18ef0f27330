import Tensors
import Testing

struct DynamicCodesTests {
    /// Every bit of both tables is the reference's, by a sum that depends on the order.
    @Test(arguments: [(true, 51_200_865_550_848), (false, 34_477_682_547_726)] as [(Bool, UInt64)])
    func theTables(isSigned: Bool, sum: UInt64) {
        let values = (isSigned ? DynamicCodes.signed : .unsigned).values
        #expect(values.count == 256)
        let products = values.enumerated().map { UInt64($0.element.bitPattern) * UInt64($0.offset + 1) }
        #expect(products.reduce(0, +) == sum)
    }

    @Test(arguments: [DynamicCodes.signed, .unsigned])
    func everyNumberGetsTheNearest(codes: DynamicCodes) {
        let values = codes.values
        for (index, value) in values.enumerated() { #expect(Int(codes.code(of: value)) == index) }
        for (index, (lower, upper)) in zip(values, values.dropFirst()).enumerated() {
            let middle = (lower + upper) / 2
            #expect(Int(codes.code(of: middle)) == index)
            #expect(Int(codes.code(of: middle.nextUp)) == index + 1)
            #expect(Int(codes.code(of: middle.nextDown)) == index)
        }
        #expect(codes.code(of: 2) == 255 && codes.code(of: -2) == 0)
    }

    @Test func blocksKeepTheirLargestNumbers() {
        let numbers: [Float] = (0..<700).map { (index: Int) in
            Float(index * 37 % 101 - 50) / Float(1 + index / 256)
        }
        var bytes = [UInt8](repeating: 9, count: numbers.count)
        var (scales, decoded) = ([Float](repeating: -1, count: 3), numbers)
        DynamicCodes.signed.encode(numbers, numbers.count, into: &bytes, scales: &scales)
        #expect(scales == [50, 25, 50 / 3])
        DynamicCodes.signed.decode(bytes, bytes.count, scales: scales, into: &decoded)
        for (index, (number, found)) in zip(numbers, decoded).enumerated() {
            #expect(abs(number - found) <= 0.0071 * scales[index / 256] + 1e-6)
        }
        var zeros = [Float](repeating: 0, count: 10)
        DynamicCodes.signed.encode(zeros, 10, into: &bytes, scales: &scales)
        DynamicCodes.signed.decode(bytes, 10, scales: scales, into: &zeros)
        #expect(scales[0] == 0 && zeros.allSatisfy { $0 == 0 })
    }
}

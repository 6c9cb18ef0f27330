import Foundation
import Tensors
import Testing
import WeightFiles

@Suite struct SafetensorsRoundTripTests {
    /// Order and header size that the format's own library gives these four tensors.
    @Test func orderAndPadding() throws {
        let bytes = try SafetensorsWriter.bytes([
            TensorToWrite(name: "d", type: .float32, shape: [1], bytes: [1, 2, 3, 4]),
            TensorToWrite(name: "c", type: .float32, shape: [2], bytes: Array(0..<8)),
            TensorToWrite(name: "b", type: .signed8, shape: [3], bytes: [7, 8, 9]),
            TensorToWrite(name: "a", type: .bfloat16, shape: [5], bytes: Array(0..<10)),
        ])
        let file = try openSafetensors(bytes)
        #expect(file.records.map(\.name) == ["c", "d", "a", "b"])
        #expect(file.records.map(\.byteRange) == [0..<8, 8..<12, 12..<22, 22..<25])
        #expect(bytes.count == 8 + 256 + 25 && bytes[..<8].elementsEqual([0, 1, 0, 0, 0, 0, 0, 0]))
        let header = #"{"__metadata__":{"format":"pt"},"c":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        #expect(String(decoding: bytes[8...], as: UTF8.self).hasPrefix(header))
        #expect(try file.withBytes(of: "b") { Array($0) } == [7, 8, 9])
    }

    @Test func metadataScalarsAndEmptyTensors() throws {
        let bytes = try SafetensorsWriter.bytes([
            TensorToWrite(name: "scalar", type: .float64, shape: [], bytes: Array(repeating: 0, count: 8)),
            TensorToWrite(name: "empty", type: .float32, shape: [0, 3], bytes: []),
        ])
        let file = try openSafetensors(bytes)
        #expect(file.metadata == ["format": "pt"])
        #expect(file["empty"]?.shape == [0, 3])
        #expect(file["scalar"]?.elementCount == 1)
        let error = try #require(throws: SafetensorsError.self) { try file.weight(named: "scalar") }
        #expect(error.reason == .notWeights(tensor: "scalar", type: .float64))
    }

    @Test(arguments: [WeightFormat.float32, .bfloat16, .float16])
    func weightsOfEveryFormat(format: WeightFormat) throws {
        let values: [Float] = [1, -2.5, 0.15625, 3, 0, -0.0078125]
        let tensor = try Tensor(values, shape: [2, 3])
        let bytes = try SafetensorsWriter.bytes([TensorToWrite(name: "w", tensor: tensor, storedAs: format)])
        let weight = try openSafetensors(bytes).weight(named: "w")
        #expect(weight.format == format && weight.shape == [2, 3])
        #expect(weight.widened().array == values)
    }

    /// A writer that does not pad its header puts tensors at odd addresses.
    @Test func unalignedTensorsAreRead() throws {
        let header = Array(#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#.utf8)
        #expect(header.count % 4 != 0)
        let data = withUnsafeBytes(of: Float(1.5)) { Array($0) }
        let bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
        #expect(try openSafetensors(bytes).tensor(named: "w").array == [1.5])
    }
}

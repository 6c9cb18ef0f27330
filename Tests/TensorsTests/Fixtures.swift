import Foundation
import Tensors
import Testing

/// One case of a reference file written by `scripts/fixtures/tensors.py`.
struct FixtureCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Packed: Decodable, Sendable {
        let shape: [Int]
        let data: Data
    }

    struct Attributes: Decodable, Sendable {
        var format: String?
        var kind: String?
        var scaling: Float?
        var trained: Bool?
        var seed: UInt64?
        var step: Int?
        var micro_batch: Int?
        var site: UInt64?
        var probability: Float?
        var offset: Float?
        var ids: [Int32]?
        var positions: [Int32]?
        var factor: Float?
        var lengths: [Int]?
        var heads: Int?
        var kv_heads: Int?
        var size: Int?
        var scale: Float?
        var window: Int?
        var cap: Float?
        var causal: Bool?
        var labels: [Int32]?
        var smoothing: Float?
        var exponent: Double?
    }

    let name: String
    let attributes: Attributes
    let tensors: [String: Packed]

    var testDescription: String { name }

    func tensor(_ key: String) throws -> Tensor {
        let packed = try #require(tensors[key], "\(name) has no \(key)")
        let values = packed.data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
        }
        return try Tensor(values, shape: packed.shape)
    }

    func parameter(_ key: String) throws -> Parameter { Parameter(name: key, value: try tensor(key)) }

    /// A frozen weight in the case's own storage format.
    func weight(_ key: String) throws -> Weight {
        let packed = try #require(tensors[key])
        let format = try #require(WeightFormat(rawValue: attributes.format ?? "float32"))
        return try Weight(name: key, format: format, shape: packed.shape, copying: [UInt8](packed.data))
    }

    func optional<Value>(_ key: String, _ make: (String) throws -> Value) rethrows -> Value? {
        tensors[key] == nil ? nil : try make(key)
    }

    static func load(_ file: String) throws -> [FixtureCase] {
        struct File: Decodable { let cases: [FixtureCase] }
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(file)", withExtension: "json"))
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).cases
    }
}

/// Largest difference divided by the largest reference value.
func relativeError(_ actual: [Float], _ expected: [Float]) -> Float {
    guard actual.count == expected.count else { return .infinity }
    let largest = expected.reduce(Float.leastNormalMagnitude) { max($0, abs($1)) }
    return zip(actual, expected).reduce(Float(0)) { worst, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isFinite ? max(worst, difference / largest) : .infinity
    }
}

/// Every element within `tolerance` of the tensor's largest absolute value.
func expectClose(
    _ actual: Tensor?, _ expected: Tensor, _ what: String, tolerance: Float = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let actual = try #require(actual, "\(what) is missing", sourceLocation: sourceLocation)
    #expect(actual.shape == expected.shape, "\(what)", sourceLocation: sourceLocation)
    let error = relativeError(actual.array, expected.array)
    #expect(error <= tolerance, "\(what) is off by \(error)", sourceLocation: sourceLocation)
}

/// Numbers that look random and are the same in every run.
func noise(_ shape: [Int], _ name: String, scale: Float = 1) -> Tensor {
    Tensor.normal(shape, standardDeviation: scale, seed: 11, name: name)
}

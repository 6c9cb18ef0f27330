import Foundation
import JSONDocuments
import LinuxSystem
import Testing
import WeightFiles

/// Headers that lie: each is refused with its own reason.
@Suite struct HostileHeaderTests {
    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4),
        (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":[]}"#, 0),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
            6
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            4
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
            12
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            8
        ),
        (#"{"__metadata__":{"format":1}}"#, 0),
        (#"{"__metadata__":"pt"}"#, 0),
        (#"[]"#, 0), (#"7"#, 0), (#""#, 0), (#"{"#, 0), (#"{}{}"#, 0),
        (String(repeating: "[", count: 100_000), 0),
    ])
    func refused(header: String, dataBytes: Int) throws {
        let bytes = Self.file(Array(header.utf8), dataBytes: dataBytes)
        #expect(throws: SafetensorsError.self) { try openSafetensors(bytes) }
    }

    @Test func reasonsNameTheTensorAndTheNumbers() throws {
        let header = #"{"w":{"dtype":"BF16","shape":[3],"data_offsets":[0,4]}}"#
        let bytes = Self.file(Array(header.utf8), dataBytes: 4)
        let error = try #require(throws: SafetensorsError.self) { try openSafetensors(bytes) }
        #expect(error.reason == .sizeMismatch(tensor: "w", type: .bfloat16, shape: [3], expected: 6, found: 4))
        #expect(error.description.contains("weights-") && error.description.contains("'w'"))
    }

    @Test func headerThatIsNotUTF8() throws {
        var header = Array(#"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#.utf8)
        header[2] = 0xFF
        let bytes = Self.file(header, dataBytes: 1)
        let error = try #require(throws: SafetensorsError.self) { try openSafetensors(bytes) }
        #expect(error.reason == .headerNotUTF8)
    }

    @Test(arguments: [UInt64(1) << 63, .max, 100_000_001])
    func headerLengthBeyondTheLimit(claimed: UInt64) throws {
        let bytes = withUnsafeBytes(of: claimed.littleEndian) { Array($0) } + [0x7B, 0x7D]
        let error = try #require(throws: SafetensorsError.self) { try openSafetensors(bytes) }
        #expect(error.reason == .headerTooLarge(claimed: claimed, limit: 100_000_000))
    }

    /// Every shorter version of a good file is refused, and so is one with a byte too many.
    @Test func truncatedAnywhere() throws {
        let whole = try SafetensorsWriter.bytes([
            TensorToWrite(name: "a", type: .float32, shape: [2, 2], bytes: Array(repeating: 1, count: 16)),
            TensorToWrite(name: "b", type: .signed8, shape: [3], bytes: [1, 2, 3]),
        ])
        #expect(try openSafetensors(whole).records.count == 2)
        for count in 0..<whole.count {
            let bytes = Array(whole.prefix(count))
            #expect(throws: SafetensorsError.self, "cut to \(count) bytes") { try openSafetensors(bytes) }
        }
        let error = try #require(throws: SafetensorsError.self) { try openSafetensors(whole + [0]) }
        #expect(error.reason == .unusedBytes(count: 1))
    }

    /// Each byte of the header changed in several ways: refused or read, never a crash.
    @Test func everyHeaderByteDamaged() throws {
        let whole = try SafetensorsWriter.bytes([
            TensorToWrite(name: "a", type: .float16, shape: [2, 2], bytes: Array(repeating: 1, count: 8)),
            TensorToWrite(name: "b", type: .float32, shape: [], bytes: [0, 0, 0, 0]),
        ])
        var refusals = 0
        for position in 0..<(whole.count - 12) {
            for change: UInt8 in [0x01, 0x10, 0x80] {
                var damaged = whole
                damaged[position] ^= change
                do {
                    let file = try openSafetensors(damaged)
                    for record in file.records { #expect(record.byteRange.upperBound <= 12) }
                } catch is SafetensorsError { refusals += 1 }
            }
        }
        #expect(refusals > whole.count)
    }

    @Test func unreadableFiles() throws {
        #expect(throws: SystemError("open", "/nonexistent/model.safetensors", code: ENOENT)) {
            try SafetensorsFile(path: "/nonexistent/model.safetensors")
        }
        #expect(throws: SystemError("open", "/tmp", code: EISDIR)) { try SafetensorsFile(path: "/tmp") }
    }

    static func file(_ header: [UInt8], dataBytes: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
            + Array(repeating: 0, count: dataBytes)
    }
}

import Foundation
import LinuxSystem
import Testing
import WeightFiles

/// Files that are cut, lie about their types, or have enormous headers.
@Suite struct HostileFileTests {
    /// Every pair of element types: the bytes of one are accepted for the other exactly where the sizes agree.
    @Test func typesThatLie() throws {
        let count = 6
        for real in ElementType.allCases {
            for claimed in ElementType.allCases {
                let header =
                    #"{"t":{"dtype":"\#(claimed.rawValue)","shape":[\#(count)],"data_offsets":[0,\#(count * real.byteCount)]}}"#
                let bytes = HostileHeaderTests.file(Array(header.utf8), dataBytes: count * real.byteCount)
                if real.byteCount == claimed.byteCount {
                    #expect(try openSafetensors(bytes).records.first?.type == claimed)
                } else {
                    let error = try #require(throws: SafetensorsError.self) { try openSafetensors(bytes) }
                    #expect(
                        error.reason
                            == .sizeMismatch(
                                tensor: "t", type: claimed, shape: [count], expected: count * claimed.byteCount,
                                found: count * real.byteCount))
                }
            }
        }
    }

    /// A thousand places to cut a file's data, from its first byte to its last: each is seen before anything is read.
    @Test func dataCutAnywhere() throws {
        let tensors = (0..<40).map { index in
            TensorToWrite(
                name: "layer.\(index)", type: .float32, shape: [25, 7], bytes: Array(repeating: 1, count: 700))
        }
        let whole = try SafetensorsWriter.bytes(tensors)
        let dataBytes = 40 * 700
        #expect(try openSafetensors(whole).records.count == 40)
        for step in 0..<1000 {
            let cut = whole.count - dataBytes + step * dataBytes / 1000
            #expect(throws: SafetensorsError.self, "cut to \(cut)") { try openSafetensors(Array(whole.prefix(cut))) }
        }
    }

    /// Gaps and overlaps of a byte between any two of several tensors.
    @Test(arguments: [-3, -1, 1, 3])
    func offsetsThatDoNotMeet(shift: Int) throws {
        for moved in 0..<5 {
            var begin = 0
            let entries = (0..<5).map { index in
                if index == moved { begin += shift }
                defer { begin += 4 }
                return #""t\#(index)":{"dtype":"F32","shape":[1],"data_offsets":[\#(begin),\#(begin + 4)]}"#
            }
            let header = "{" + entries.joined(separator: ",") + "}"
            let bytes = HostileHeaderTests.file(Array(header.utf8), dataBytes: 20 + shift)
            #expect(throws: SafetensorsError.self, "tensor \(moved) moved by \(shift)") { try openSafetensors(bytes) }
        }
    }

    @Test(arguments: [
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "1e30", "-1", "4611686018427387904",
    ])
    func sizesBeyondEverything(number: String) throws {
        let headers = [
            #"{"t":{"dtype":"F32","shape":[\#(number)],"data_offsets":[0,4]}}"#,
            #"{"t":{"dtype":"F64","shape":[\#(number),\#(number)],"data_offsets":[0,8]}}"#,
            #"{"t":{"dtype":"U8","shape":[1],"data_offsets":[\#(number),\#(number)]}}"#,
            #"{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,\#(number)]}}"#,
        ]
        for header in headers {
            #expect(throws: SafetensorsError.self, "\(header)") {
                try openSafetensors(HostileHeaderTests.file(Array(header.utf8), dataBytes: 8))
            }
        }
    }

    /// The largest header that is read at all, filled with what is no header: refused, and quickly.
    @Test(arguments: [UInt8(ascii: " "), UInt8(ascii: "["), UInt8(ascii: "\""), 0])
    func anEnormousHeader(filling: UInt8) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("header-\(UUID().uuidString)").path
        defer { unlink(path) }
        let length = 99_999_999
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.write(contentsOf: withUnsafeBytes(of: UInt64(length).littleEndian) { Data($0) })
        if filling == 0 {
            try file.truncate(atOffset: UInt64(length + 8))
        } else {
            let piece = Data(repeating: filling, count: 1 << 20)
            for _ in 0..<length / piece.count + 1 { try file.write(contentsOf: piece) }
        }
        let start = ContinuousClock.now
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}

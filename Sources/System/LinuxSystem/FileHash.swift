import CXXHash
import Glibc

/// XXH3-128 of a file's bytes, as 32 hexadecimal digits. It finds accidents, not forgeries.
package enum FileHash {
    package static func ofFile(_ path: String) throws(SystemError) -> String {
        try ofFile(FileDescriptor.open(path, O_RDONLY), subject: path)
    }

    /// The same for a file that is open, from its present position on.
    package static func ofFile(
        _ descriptor: borrowing FileDescriptor, subject path: String
    ) throws(SystemError) -> String {
        let stream = Stream()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try checking("read", path) { unsafe read(descriptor.number, &chunk, chunk.count) }
            if count == 0 { break }
            stream.update(chunk[..<count])
        }
        return stream.digest
    }

    /// The hash of bytes that come one after another.
    package final class Stream {
        private let state: OpaquePointer

        package init() {
            guard let state = unsafe XXH3_createState() else { fatalError("no memory for the state of a hash") }
            unsafe self.state = state
            unsafe XXH3_128bits_reset(state)
        }

        deinit { unsafe XXH3_freeState(state) }

        package func update(_ bytes: some ContiguousBytesSource) {
            unsafe bytes.withBytes { _ = unsafe XXH3_128bits_update(state, $0.baseAddress, $0.count) }
        }

        /// Of all bytes so far.
        package var digest: String { FileHash.hexadecimal(unsafe XXH3_128bits_digest(state)) }
    }

    package static func of(_ bytes: some ContiguousBytesSource) -> String {
        hexadecimal(unsafe bytes.withBytes { unsafe XXH3_128bits($0.baseAddress, $0.count) })
    }

    private static func hexadecimal(_ hash: XXH128_hash_t) -> String {
        [hash.high64, hash.low64].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

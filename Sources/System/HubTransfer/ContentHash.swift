import CCrypto
import Glibc
import LinuxSystem

/// What a file is known by at a hub: SHA-256 of its bytes for large files, git's own name of it for others.
package struct ContentHash: Hashable, Sendable {
    package enum Algorithm: Sendable {
        case sha256
        /// SHA-1 of `blob SIZE`, a zero byte and the bytes.
        case gitBlob
    }

    package let algorithm: Algorithm
    /// In small hexadecimal digits.
    package let digits: String

    init(_ algorithm: Algorithm, _ digits: String) {
        self.algorithm = algorithm
        self.digits = digits
    }

    /// Reads 64 digits as SHA-256 and 40 as git's name; nil for everything else.
    package init?(_ text: String) {
        let digits = text.lowercased()
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else { return nil }
        switch digits.utf8.count {
        case 64: self.init(.sha256, digits)
        case 40: self.init(.gitBlob, digits)
        default: return nil
        }
    }

    /// Of a whole file.
    ///
    /// - Parameter cancellation: ends the reading of a large file
    package static func of(
        _ algorithm: Algorithm, file path: String, cancellation: Cancellation
    ) throws -> ContentHash {
        let file = try FileDescriptor.open(path, O_RDONLY)
        let digest = try Digest(algorithm, size: Int(file.status().st_size))
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            try cancellation.check()
            let count = try checking("read", path) { unsafe read(file.number, &chunk, chunk.count) }
            if count == 0 { break }
            digest.update(chunk[..<count])
        }
        return ContentHash(algorithm, digest.finish())
    }

    package static func of(_ algorithm: Algorithm, _ bytes: [UInt8]) throws -> ContentHash {
        let digest = try Digest(algorithm, size: bytes.count)
        digest.update(bytes[...])
        return ContentHash(algorithm, digest.finish())
    }
}

/// A hash on its way, computed by OpenSSL.
private final class Digest {
    private let context: OpaquePointer

    init(_ algorithm: ContentHash.Algorithm, size: Int) throws {
        guard let context = EVP_MD_CTX_new() else { throw SystemError("malloc", code: ENOMEM) }
        self.context = context
        let kind = algorithm == .sha256 ? EVP_sha256() : EVP_sha1()
        guard EVP_DigestInit_ex(context, kind, nil) == 1 else {
            throw SystemError("EVP_DigestInit_ex", code: ENOSYS)
        }
        if algorithm == .gitBlob { update(Array("blob \(size)\0".utf8)[...]) }
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { buffer in _ = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) }
    }

    func finish() -> String {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context, &bytes, &count)
        return bytes[..<Int(count)].map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

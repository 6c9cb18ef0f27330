import Compression
import FoundationEssentials
import LinuxSystem

/// The little that data preparation asks of the file system.
enum FileContents {
    /// A file's bytes, mapped.
    static func read(_ path: String) throws -> Data {
        do throws(SystemError) {
            let file = try MappedFile(path: path)
            guard let base = unsafe file.bytes.baseAddress else { return Data() }
            // Nobody writes through it: it is mapped read-only.
            return unsafe Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: file.count,
                deallocator: .custom { _, _ in withExtendedLifetime(file) {} })
        } catch {
            throw DataError.unreadable(path: path, cause: error)
        }
    }

    /// The most bytes that a compressed file may become in memory; a larger one is mapped when it is not compressed.
    static let mostDecompressed = 4 << 30

    /// A text file's bytes. Whether they are compressed (gzip or zstd) is told by how they begin, not by the name.
    ///
    /// - Parameter limit: bytes that may come out
    static func readText(_ path: String, limit: Int = mostDecompressed) throws -> Data {
        let data = try read(path)
        guard let format = CompressionFormat(markOf: data.span) else {
            try checkEncoding(of: data.span, path)
            return data
        }
        var text = Data()
        do throws(CompressionError) {
            try Decompression.file(data.span, format, limit: limit) { unsafe text.append(contentsOf: $0) }
        } catch .tooLarge {
            throw DataError.tooLarge(path: path, limit: limit)
        } catch {
            throw DataError.badFile(path: path, line: 0, reason: "\(error)")
        }
        try checkEncoding(of: text.span, path)
        return text
    }

    /// Refuses text of an encoding that no reader here takes, by its name.
    static func checkEncoding(of text: Span<UInt8>, _ path: String) throws {
        guard let name = TextEncoding.foreignName(of: text) else { return }
        throw DataError.badFile(path: path, line: 0, reason: "\(TextEncoding.Failure.foreign(name))")
    }

    static func exists(_ path: String) -> Bool { FileSystem.kind(of: path) != nil }

    /// The names in a folder, sorted; nil if there is no folder at `path`.
    static func names(inFolder path: String) throws -> [String]? {
        guard FileSystem.isDirectory(path) else { return nil }
        do throws(SystemError) {
            return try FileSystem.entries(of: path)
        } catch {
            throw DataError.unreadable(path: path, cause: error)
        }
    }
}

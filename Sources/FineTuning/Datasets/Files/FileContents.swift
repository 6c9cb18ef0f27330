import Compression
import FoundationEssentials

/// The little that data preparation asks of the file system.
enum FileContents {
    /// A file's bytes, mapped where possible.
    static func read(_ path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw DataError.unreadable(path: path, reason: reason(for: error, path: path))
        }
    }

    /// The most bytes that a compressed file may become in memory; a larger one is mapped when it is not compressed.
    static let mostDecompressed = 4 << 30

    /// A text file's bytes. Whether they are compressed (gzip or zstd) is told by how they begin, not by the name.
    ///
    /// - Parameter limit: bytes that may come out
    static func readText(_ path: String, limit: Int = mostDecompressed) throws -> Data {
        let data = try read(path)
        guard let format = CompressionFormat(markOf: data.span) else { return data }
        var text = Data()
        do throws(CompressionError) {
            try Decompression.file(data.span, format, limit: limit) { unsafe text.append(contentsOf: $0) }
        } catch .tooLarge {
            throw DataError.tooLarge(path: path, limit: limit)
        } catch {
            throw DataError.badFile(path: path, line: 0, reason: "\(error)")
        }
        return text
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    /// The names in a folder, sorted; nil if there is no folder at `path`.
    static func names(inFolder path: String) throws -> [String]? {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else { return nil }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }
        } catch {
            throw DataError.unreadable(path: path, reason: reason(for: error, path: path))
        }
    }

    private static func reason(for error: any Error, path: String) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        switch error.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: return "it does not exist"
        case .fileReadNoPermission: return "no permission"
        default:
            var isDirectory = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            return isDirectory ? "it is a folder" : "reading failed (\(error.code.rawValue))"
        }
    }
}

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

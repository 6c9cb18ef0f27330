import Glibc
import JSONRPC
import LinuxSystem
import ServiceAPI

/// Descriptors of a caller's regular files, held until they are copied.
final class PassedFiles {
    let paths: [String]
    private let descriptors: [Int32]

    /// Takes the descriptors of a request over; `paths` says what they are.
    ///
    /// - Throws: `ServiceError` unless each is a regular file that is open for reading only
    init(_ paths: [String], from request: IncomingRequest) throws {
        descriptors = request.takeDescriptors(first: paths.count)
        self.paths = paths
        guard paths.count == descriptors.count else {
            throw ServiceError(
                .badRequest, "`files` names \(paths.count) files and \(descriptors.count) descriptors came along",
                hint: "pass one descriptor for each, in the same order", field: "files")
        }
        for (path, number) in zip(paths, descriptors) { try Self.check(path, number) }
    }

    deinit { for number in descriptors { close(number) } }

    var isEmpty: Bool { paths.isEmpty }

    /// Copies of the descriptors, to be sent to a worker and closed.
    func duplicates() throws -> [Int32] {
        var copies: [Int32] = []
        for number in descriptors {
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
            if copy < 0 {
                let error = SystemError("dup", paths.first)
                for copy in copies { close(copy) }
                throw error
            }
            copies.append(copy)
        }
        return copies
    }

    private static func check(_ path: String, _ number: Int32) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard path.hasPrefix("/"), !path.utf8.contains(0), path.utf8.count < Int(PATH_MAX),
            parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= Int(NAME_MAX) })
        else {
            throw ServiceError(
                .badRequest, "\"\(path.prefix(200))\" in `files` is not an absolute path without `.` and `..`",
                field: "files")
        }
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ServiceError(
                .badRequest, "the descriptor of \(path) is not a regular file",
                hint: "a folder's descriptor grants nothing; pass its files", field: "files")
        }
        guard fcntl(number, F_GETFL) & O_ACCMODE == O_RDONLY else {
            throw ServiceError(
                .badRequest, "the descriptor of \(path) is open for writing", hint: "open it with O_RDONLY",
                field: "files")
        }
    }
}

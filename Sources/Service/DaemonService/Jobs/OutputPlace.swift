import Glibc
import LinuxSystem
import ServiceAPI

/// Where a job's outputs will lie, and whether they may.
///
/// The service writes as its own user, so a caller must not be able to point it at what only the service may write.
package struct OutputPlace {
    /// The path without links as far as it exists; two spellings of one place are the same here.
    package let path: String
    /// The deepest folder of it that exists.
    private let existing: String
    /// The parameter that names the place, for messages.
    private let field: String

    /// - Parameters:
    ///   - given: absolute
    ///   - field: the parameter that names it
    package init(_ given: String, field: String = "output_dir") throws {
        self.field = field
        func bad(_ path: String, _ reason: String) -> ServiceError {
            ServiceError(.badConfig, "\(field) \(path) cannot be used: \(reason)", field: field)
        }
        guard !given.utf8.contains(0) else { throw bad(given, "it contains a NUL character") }
        guard given.utf8.count < Int(PATH_MAX) else {
            throw bad(
                String(given.prefix(100)) + "...", "it has \(given.utf8.count) bytes; Linux takes \(PATH_MAX - 1)")
        }
        if let part = given.split(separator: "/").first(where: { $0.utf8.count > Int(NAME_MAX) }) {
            throw bad(
                String(given.prefix(100)) + "...", "a name in it has \(part.utf8.count) bytes; Linux takes \(NAME_MAX)")
        }
        var parts = given.split(separator: "/").map(String.init)
        var missing: [String] = []
        while true {
            let candidate = "/" + parts.joined(separator: "/")
            var status = stat()
            if unsafe lstat(candidate, &status) == 0 {
                guard let real = FileSystem.canonicalPath(candidate) else {
                    throw bad(given, "\(candidate) is a link that leads nowhere, or may not be followed")
                }
                guard FileSystem.isDirectory(real) else { throw bad(given, "\(candidate) is not a folder") }
                existing = real
                break
            }
            guard let last = parts.popLast() else { throw bad(given, "/ cannot be read") }
            guard last != ".." else { throw bad(given, "`..` follows a folder that does not exist") }
            if last != "." { missing.insert(last, at: 0) }
        }
        let joined = ([existing == "/" ? "" : existing] + missing).joined(separator: "/")
        path = joined.isEmpty ? "/" : joined
        // Also by its spelling: /proc/self/cwd is a link to an ordinary folder, but to one of the service.
        if let system = Self.systemFolder(of: given) ?? Self.systemFolder(of: path) {
            throw bad(given, "\(system) holds no ordinary files")
        }
    }

    /// - Parameters:
    ///   - service: the user that the service runs as
    ///   - isOwn: whether an earlier job of this caller wrote there
    /// - Throws: `ServiceError` that names the path, the user and the ways out
    package func check(caller: UInt32, service: UInt32, stateDirectory: String, isOwn: () throws -> Bool) throws {
        let state = FileSystem.canonicalPath(stateDirectory) ?? stateDirectory
        let own = "\(state)/outputs/\(caller)"
        if Self.lies(path, in: state) {
            if caller == service || Self.lies(path, in: own) { return }
            throw refused("it lies in the state directory of the service", own)
        }
        if caller == service || caller == 0 {
            guard caller != service, !isWritable else { return }
            throw refused(
                "\(ServiceUser.description(of: service)), which the service runs as, may not write there", own)
        }
        let owner = Self.owner(of: existing)
        if service == 0 {
            // Root may write anywhere; a caller may only name what is the caller's.
            if owner == caller { return }
            throw refused("\(existing) does not belong to \(ServiceUser.description(of: caller))", own)
        }
        guard isWritable else {
            throw refused(
                "\(ServiceUser.description(of: service)), which the service runs as, may not write there", own)
        }
        if owner == service, try !isOwn() { throw refused("\(existing) belongs to the service", own) }
    }

    /// As `check`, for a folder that is only read: the service must not hand out what is its own or another user's.
    package func checkReading(caller: UInt32, service: UInt32, stateDirectory: String) throws {
        let state = FileSystem.canonicalPath(stateDirectory) ?? stateDirectory
        let own = "\(state)/outputs/\(caller)"
        guard caller != service, Self.lies(path, in: state), !Self.lies(path, in: own) else { return }
        throw refused("it lies in the state directory of the service", own)
    }

    /// Whether the folder exists and holds something.
    package var isFilled: Bool { path == existing && ((try? FileSystem.entries(of: path)) ?? []).isEmpty == false }

    private var isWritable: Bool { faccessat(AT_FDCWD, existing, W_OK | X_OK, AT_EACCESS) == 0 }

    private func refused(_ reason: String, _ own: String) -> ServiceError {
        let name = Path.lastComponent(of: path)
        return ServiceError(
            .permission, "\(field) \(path) cannot be used: \(reason)",
            hint:
                "either give \(field)=\(own)/\(name)"
                + (field == "output_dir" ? " and take the files out with `tunectl fetch JOB DIR`" : "")
                + ", or run the service as yourself: systemctl --user start finetuned",
            field: field)
    }

    private static func systemFolder(of path: String) -> String? {
        if lies(path, in: "/dev/shm") { return nil }
        return ["/proc", "/sys", "/dev"].first { lies(path, in: $0) }
    }

    private static func lies(_ path: String, in folder: String) -> Bool {
        path == folder || path.hasPrefix(folder + "/")
    }

    private static func owner(of path: String) -> UInt32? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_uid : nil
    }
}

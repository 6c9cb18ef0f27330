import Glibc

extension OutputDirectory {
    /// Creates the folders that `name` lies in, none of them through a link.
    package func createDirectories(above name: String) throws(SystemError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).dropLast().map(String.init)
        var parent = "."
        for part in parts {
            guard !part.isEmpty, part != ".", part != "..", !part.utf8.contains(0) else {
                throw SystemError("mkdir", path + "/" + name, code: EINVAL)
            }
            let folder = try open(parent, O_RDONLY | O_DIRECTORY)
            if mkdirat(folder.number, part, 0o755) != 0 && errno != EEXIST {
                throw SystemError("mkdir", path + "/" + name)
            }
            parent += "/" + part
        }
    }

    /// Puts a file under another name in the same folder and makes that durable.
    package func rename(_ old: String, to new: String) throws(SystemError) {
        let folder = try open(Self.folder(of: new), O_RDONLY | O_DIRECTORY)
        let (from, to) = (Path.lastComponent(of: old), Path.lastComponent(of: new))
        guard renameat(folder.number, from, folder.number, to) == 0 else {
            throw SystemError("rename", path + "/" + new)
        }
        try folder.synchronize(subject: path)
    }

    /// Removes a file; absence is no error.
    package func remove(_ name: String) {
        guard let folder = try? open(Self.folder(of: name), O_RDONLY | O_DIRECTORY) else { return }
        unlinkat(folder.number, Path.lastComponent(of: name), 0)
    }

    /// The hash of a regular file, nil when there is none.
    package func hash(of name: String) throws(SystemError) -> String? {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try open(name, O_RDONLY | O_NONBLOCK)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw SystemError("open", path + "/" + name, code: EEXIST)
        }
        return try FileHash.ofFile(file, subject: path + "/" + name)
    }

    private static func folder(of name: String) -> String {
        let parent = Path.parent(of: name)
        return parent.isEmpty ? "." : parent
    }
}

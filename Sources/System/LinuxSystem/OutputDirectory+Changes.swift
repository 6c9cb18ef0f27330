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

    /// Puts an entry under another name in the same folder; a file that has it is replaced.
    package func rename(_ old: String, to new: String) throws(SystemError) {
        let folder = try self.folder(of: new)
        let (from, to) = (Path.lastComponent(of: old), Path.lastComponent(of: new))
        guard renameat(folder.number, from, folder.number, to) == 0 else {
            throw SystemError("rename", path + "/" + new)
        }
    }

    /// Puts an entry of a folder below into another one; a file that has its new name is replaced.
    package func move(_ old: String, to new: String) throws(SystemError) {
        let source = try folder(of: old)
        let target = try folder(of: new)
        guard renameat(source.number, Path.lastComponent(of: old), target.number, Path.lastComponent(of: new)) == 0
        else { throw SystemError("rename", path + "/" + new) }
    }

    /// Puts an entry in the place of another, which lies under the first one's name afterwards if it was there. One of
    /// both is in the place at any moment.
    package func exchange(_ name: String, with other: String) throws(SystemError) {
        do throws(SystemError) {
            try FileSystem.exchange("\(anchor)/\(name)", with: "\(anchor)/\(other)")
        } catch {
            throw SystemError(error.call, path + "/" + other, code: error.code)
        }
    }

    /// Gives a file a second name, without copying it.
    package func link(_ name: String, to new: String) throws(SystemError) {
        let from = try folder(of: name)
        let to = try folder(of: new)
        guard linkat(from.number, Path.lastComponent(of: name), to.number, Path.lastComponent(of: new), 0) == 0 else {
            throw SystemError("link", path + "/" + name)
        }
    }

    /// Removes a file or a link, but no folder. Absence is no error.
    package func removeFile(_ name: String) throws(SystemError) {
        let folder = try self.folder(of: name)
        guard unlinkat(folder.number, Path.lastComponent(of: name), 0) == 0 || errno == ENOENT else {
            throw SystemError("unlink", path + "/" + name)
        }
    }

    /// Removes an entry and all below it; links are removed, not followed. Absence is no error.
    package func remove(_ name: String) throws(SystemError) {
        let folder: FileDescriptor
        do throws(SystemError) {
            folder = try self.folder(of: name)
        } catch {
            if error.isNotFound { return }
            throw error
        }
        try FileSystem.remove(Path.lastComponent(of: name), in: folder, subject: path + "/" + name)
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

    /// The folder that a name lies in.
    func folder(of name: String) throws(SystemError) -> FileDescriptor {
        let parent = Path.parent(of: name)
        return try open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY)
    }
}

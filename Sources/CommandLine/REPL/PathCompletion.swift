import Glibc

/// Names of files and folders for completion.
package enum PathCompletion {
    /// Paths that begin with `typed`, folders with a slash at their end; hidden ones only when asked for.
    package static func paths(_ typed: String, in workingDirectory: String, home: String?, foldersOnly: Bool)
        -> [String]
    {
        let split = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
        let (folder, name) = (String(typed[..<split]), String(typed[split...]))
        let place = absolute(folder, in: workingDirectory, home: home)
        guard let stream = opendir(place) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            let entryName = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard entryName.hasPrefix(name), entryName != ".", entryName != ".." else { continue }
            if entryName.hasPrefix("."), !name.hasPrefix(".") { continue }
            var status = stat()
            let isFolder = stat(place + "/" + entryName, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            if isFolder || !foldersOnly { found.append(folder + entryName + (isFolder ? "/" : "")) }
            if found.count == 2000 { break }
        }
        return found.sorted()
    }

    private static func absolute(_ folder: String, in workingDirectory: String, home: String?) -> String {
        if folder.hasPrefix("/") { return folder }
        if folder.hasPrefix("~/"), let home { return home + folder.dropFirst() }
        return workingDirectory + "/" + folder
    }
}

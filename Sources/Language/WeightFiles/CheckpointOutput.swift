package import LinuxSystem

/// A directory that a checkpoint's files are written into.
package protocol CheckpointOutput {
    /// Creates or replaces a file with everything that `produce` appends; it exists whole or not at all.
    func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws
    func fileNames() throws -> [String]
    func removeFile(_ name: String) throws
}

extension CheckpointOutput {
    package func writeFile(_ name: String, bytes: [UInt8]) throws {
        try writeFile(name) { append in try bytes.withUnsafeBytes { try append($0) } }
    }
}

extension OutputDirectory: CheckpointOutput {
    /// The names become durable with `synchronize()`.
    package func writeFile(
        _ name: String, _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let file = try AtomicFile(replacing: name, in: self)
        try produce { try file.write($0) }
        try file.commit(synchronizingFolder: false)
    }

    package func fileNames() throws -> [String] { try entries() }
}

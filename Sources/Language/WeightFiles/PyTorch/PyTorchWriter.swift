package import LinuxSystem

/// Writes weights as `torch.save` does: a zip of a pickle that names the tensors and one entry of numbers for each.
///
/// `torch.load(weights_only=True)` and transformers read it.
package enum PyTorchWriter {
    /// - Parameters:
    ///   - stem: the file's name without its ending, under which the archive keeps everything
    ///   - file: empty
    package static func write(_ tensors: [TensorToWrite], stem: String, to file: AtomicFile) throws {
        func entry(_ name: String, _ text: String) -> ZipWriter.Entry {
            ZipWriter.Entry(name: "\(stem)/\(name)", bytes: Array(text.utf8))
        }
        // PyTorch looks at the first entry for the folder's name.
        var entries = [
            ZipWriter.Entry(name: "\(stem)/data.pkl", bytes: try TensorPickle(tensors).bytes),
            entry(".format_version", "1"), entry(".storage_alignment", "\(ZipWriter.alignment)"),
            entry("byteorder", "little"),
        ]
        for (number, tensor) in tensors.enumerated() {
            entries.append(
                ZipWriter.Entry(
                    name: "\(stem)/data/\(number)", byteCount: tensor.byteCount, produce: tensor.bytes))
        }
        entries.append(entry("version", "3\n"))
        try ZipWriter.write(entries, to: file)
    }
}

/// Why a PyTorch file cannot be written or read.
package enum PyTorchFileError: Error, CustomStringConvertible {
    case unknownType(String)
    case damaged(file: String, problem: String)
    case foreign(file: String, what: String)

    package var description: String {
        switch self {
        case .unknownType(let name): "PyTorch has no storage for numbers of type \(name)"
        case .damaged(let file, let problem): "\(file): \(problem)"
        case .foreign(let file, let what):
            "\(file): its pickle asks for \(what), which weights do not need and which is never done here"
        }
    }
}

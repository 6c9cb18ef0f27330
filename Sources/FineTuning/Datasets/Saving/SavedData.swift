import ChatTemplates
import Glibc
package import JSONDocuments
import LinuxSystem
package import RunConfiguration
import Tokenization

/// A folder of prepared data (`tokenized_path`): MANIFEST.json, and a file of items for each part.
///
/// The manifest says what the data was made from, so that it is never used for another run by mistake.
package struct SavedData: Sendable {
    package static let manifestName = "MANIFEST.json"
    private static let formatVersion = 1

    /// Absolute.
    let path: String

    private struct Manifest: Codable {
        var finetunedDataVersion: Int
        var training: Part?
        var evaluations: [Part]
        var report: DataReport
        var fingerprint: DataFingerprint

        enum CodingKeys: String, CodingKey {
            case finetunedDataVersion = "finetuned_data_version"
            case training, evaluations, report, fingerprint
        }
    }

    private struct Part: Codable {
        /// The dataset's, where each is evaluated apart.
        var name: String?
        var file: String
        var items: Int
        var xxh3: String
    }

    /// The place that a run's `tokenized_path` names; nil without one.
    package init?(_ configuration: RunConfiguration, workingDirectory: String) {
        guard let given = configuration[Parameters.tokenizedPath], !given.isEmpty else { return nil }
        path = SubstituteFiles.path(for: Path.resolve(given, in: workingDirectory))
    }

    /// Whether there is anything at all: the reference reads a folder that is not empty, and writes any other.
    var exists: Bool {
        if FileSystem.isFile(path) { return true }
        return ((try? FileSystem.entries(of: path)) ?? []).isEmpty == false
    }

    /// The files of a saved folder, from its manifest's text; for who must pass them on.
    package static func fileNames(manifest: JSONValue) -> [String] {
        let parts = [manifest["training"]].compactMap(\.self) + (manifest["evaluations"]?.array ?? [])
        return parts.compactMap { $0["file"]?.string }.filter { !$0.contains("/") }
    }

    // MARK: Reading

    /// - Throws: `DataError.savedDataDiffers` with every difference between what the data was made from and
    ///   `fingerprint`; `DataError.badSavedData` for a folder that is damaged or not one of ours.
    func load(for fingerprint: DataFingerprint) throws -> PreparedData {
        let manifest = try manifest()
        let differences = fingerprint.differences(from: manifest.fingerprint)
        guard differences.isEmpty else { throw DataError.savedDataDiffers(path: path, differences: differences) }
        var data = PreparedData()
        data.report = manifest.report
        if let part = manifest.training { data.training = try items(of: part) }
        data.evaluations = try manifest.evaluations.map { .init(name: $0.name, items: try items(of: $0)) }
        return data
    }

    private func manifest() throws -> Manifest {
        let file = "\(path)/\(Self.manifestName)"
        guard FileSystem.isFile(file) else {
            throw damage(
                FileSystem.isFile("\(path)/dataset_dict.json")
                    ? "it was written by LLaMA-Factory, whose form of prepared data is not read"
                    : "it has no \(Self.manifestName), so it holds something else")
        }
        do {
            let value = try JSONValue(parsing: try MappedFile.contents(of: file))
            guard let version = value["finetuned_data_version"]?.integer else {
                throw damage("its \(Self.manifestName) is that of something else")
            }
            guard version == Self.formatVersion else {
                throw damage("it has version \(version) of the form; this program reads \(Self.formatVersion)")
            }
            return try value.decoded(as: Manifest.self)
        } catch let error as DataError {
            throw error
        } catch {
            throw damage("its \(Self.manifestName) cannot be read: \(error)")
        }
    }

    private func items(of part: Part) throws -> [PreparedItem] {
        let file = "\(path)/\(part.file)"
        guard !part.file.contains("/"), FileSystem.isFile(file) else { throw damage("\(part.file) is missing") }
        do {
            guard try FileHash.ofFile(file) == part.xxh3 else { throw damage("\(part.file) is not what was written") }
            return try SavedItems.items(of: MappedFile(path: file), count: part.items)
        } catch let error as SavedItems.Damage {
            throw damage("\(part.file): \(error.problem)")
        }
    }

    private func damage(_ problem: String) -> DataError { .badSavedData(path: path, problem: problem) }

    // MARK: Writing

    /// Writes all of it beside its place, forces it to the disk, and puts it there in one step.
    ///
    /// - Throws: `DataError.badSavedData` where something else lies there; `DataError.cannotSave`.
    func save(_ data: PreparedData, fingerprint: DataFingerprint) throws {
        if exists { _ = try manifest() }
        let name = Path.lastComponent(of: path)
        let temporary = "\(name).tmp-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        do {
            let parent = try OutputDirectory(path: Path.parent(of: path))
            let folder = try parent.makeDirectory(temporary)
            defer { try? parent.remove(temporary) }
            var manifest = Manifest(
                finetunedDataVersion: Self.formatVersion, evaluations: [], report: data.report, fingerprint: fingerprint
            )
            if !data.training.isEmpty {
                manifest.training = try write(data.training, name: nil, to: "train.items", in: folder)
            }
            for (number, part) in data.evaluations.enumerated() {
                manifest.evaluations.append(
                    try write(part.items, name: part.name, to: "evaluation-\(number).items", in: folder))
            }
            let text = try JSONValue(encoding: manifest).serializedBytes(.indented(2)) + [UInt8(ascii: "\n")]
            try folder.write(text, to: Self.manifestName)
            try parent.exchange(temporary, with: name)
            try parent.synchronize()
        } catch let error as SystemError {
            throw DataError.cannotSave(path: path, error: error)
        }
    }

    private func write(
        _ items: [PreparedItem], name: String?, to file: String, in folder: OutputDirectory
    ) throws -> Part {
        let output = try AtomicFile(replacing: file, in: folder)
        var numbers: [Int32] = []
        for item in items {
            SavedItems.append(item, to: &numbers)
            if numbers.count >= 1 << 20 { try flush(&numbers, to: output) }
        }
        try flush(&numbers, to: output)
        let hash = try output.hash()
        try output.commit(synchronizingFolder: false)
        return Part(name: name, file: file, items: items.count, xxh3: hash)
    }

    private func flush(_ numbers: inout [Int32], to output: AtomicFile) throws {
        for index in numbers.indices { numbers[index] = numbers[index].littleEndian }
        let size = numbers.count * MemoryLayout<Int32>.size
        let bytes = unsafe numbers.withUnsafeBytes { unsafe [UInt8]($0.prefix(size)) }
        try output.write(bytes)
        numbers.removeAll(keepingCapacity: true)
    }
}

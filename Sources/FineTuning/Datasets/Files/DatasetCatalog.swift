internal import FoundationEssentials
internal import JSONDocuments
package import LinuxSystem

/// A folder with dataset_info.json: finds descriptions by name and the files they speak of.
package struct DatasetCatalog: Sendable {
    /// `dataset_dir` as an absolute path, or `ONLINE`.
    package let folder: String
    private let hub: HubCache
    private let entries: JSONObject
    /// What is odd about the description file, for the run's notes.
    let warnings: [String]
    /// Shared by all datasets of a run.
    let batches: BatchCache

    private var path: String { folder + "/dataset_info.json" }

    /// Stands for no folder: every name is one of the hub's, with the defaults of all fields.
    static let hubOnly = "ONLINE"

    /// - Parameter hub: where datasets are that were downloaded
    package init(folder: String, batches: BatchCache = BatchCache(), hub: HubCache = HubCache()) throws {
        self.folder = folder
        self.batches = batches
        self.hub = hub
        (entries, warnings) = folder == Self.hubOnly ? ([:], []) : try Self.read(folder + "/dataset_info.json")
    }

    /// The entries as Python reads them, which takes the last of several that have one name.
    private static func read(_ path: String) throws -> (entries: JSONObject, warnings: [String]) {
        let text: Data
        do {
            text = try FileContents.read(path)
        } catch DataError.unreadable(let path, let cause) where !cause.isPermission {
            throw DataError.noDescriptionFile(path: path, reason: DataError.reason(cause))
        }
        do {
            try FileContents.checkEncoding(of: text.span, path)
            let value = try JSONDocument(parsingLeniently: text.span).root.value
            if let object = value.object { return (object, duplicates(in: text.span, path)) }
            throw DataError.badDescriptionFile(
                path: path, reason: "must hold an object (names with their descriptions), not \(value.kindName)")
        } catch let error as JSONError {
            throw DataError.badDescriptionFile(path: path, reason: error.description)
        }
    }

    private static func duplicates(in text: Span<UInt8>, _ path: String) -> [String] {
        do {
            _ = try JSONDocument(parsing: text.extracting(TextEncoding.markLength(of: text)..<text.count))
        } catch let error as JSONError {
            if case .duplicateKey(let detail) = error.reason {
                return ["\(path), line \(error.line): a name is given twice (\(detail)); the last one counts"]
            }
        } catch {}
        return []
    }

    package func description(of name: String) throws -> DatasetDescription {
        if folder == Self.hubOnly { return DatasetDescription(name: name, source: .hub(HubDataset(name: name))) }
        guard let entry = entries[name] else {
            throw DataError.unknownDataset(name: name, path: path, known: localNames)
        }
        return try DatasetDescription(name: name, entry: entry)
    }

    /// The datasets that are files here, for messages.
    private var localNames: [String] {
        entries.compactMap { $0.value["file_name"] != nil || $0.value["hf_hub_url"] != nil ? $0.key : nil }
    }

    /// The dataset's files: itself, everything in its folder by name, or its split in the hub's cache. All have one
    /// type.
    package func files(of description: DatasetDescription) throws -> [DataFile] {
        switch description.source {
        case .file(let name): try files(of: description, named: name)
        case .hub(let dataset):
            try dataset.files(of: description.splitExpression().name, dataset: description.name, cache: hub)
        }
    }

    private func files(of description: DatasetDescription, named fileName: String) throws -> [DataFile] {
        var path = fileName.utf8.first == UInt8(ascii: "/") ? fileName : folder + "/" + fileName
        var names = try FileContents.names(inFolder: path)
        if let train = SavedDataset.trainFolder(in: path, names: names ?? []) {
            path = train
            names = try FileContents.names(inFolder: path)
        }
        guard let names else {
            guard FileContents.exists(path) else { throw DataError.fileNotFound(dataset: description.name, path: path) }
            return [try DataFile(path: path, inFolder: false)]
        }
        guard !names.isEmpty else { throw DataError.emptyFolder(dataset: description.name, path: path) }
        let files = try SavedDataset.dataNames(names, in: path).map {
            try DataFile(path: path + "/" + $0, inFolder: true)
        }
        if let other = files.first(where: { $0.kind != files[0].kind }) {
            throw DataError.mixedFileTypes(folder: path, first: files[0].name, other: other.name)
        }
        return files
    }
}

/// A file whose name says how to read it.
package struct DataFile: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case json, csv, tsv, text, parquet, arrow

        /// Whether rows are decoded by columns.
        var isColumnar: Bool { self == .parquet || self == .arrow }
    }

    package let path: String
    package let kind: Kind

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The last ending of the name, but for that of a compressed file.
    var ending: String {
        let endings = name.split(separator: ".").filter { $0 != "gz" && $0 != "zst" }
        return endings.last.map(String.init) ?? ""
    }

    package init(path: String, inFolder: Bool) throws {
        self.path = path
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var endings = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst()
        let isCompressed = endings.last == "gz" || endings.last == "zst"
        if isCompressed { endings.removeLast() }
        switch endings.last {
        case "json", "jsonl": kind = .json
        case "csv": kind = .csv
        case "tsv": kind = .tsv
        case "txt": kind = .text
        case "parquet" where !isCompressed: kind = .parquet
        case "arrow" where !isCompressed: kind = .arrow
        default: throw DataError.unknownFileType(path: path, folder: inFolder)
        }
    }
}

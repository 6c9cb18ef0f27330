internal import FoundationEssentials
internal import JSONDocuments
package import LinuxSystem

/// A folder with dataset_info.json: finds descriptions by name and the files they speak of.
package struct DatasetCatalog: Sendable {
    /// `dataset_dir` as an absolute path, or `ONLINE`; of one that is on a hub, where it is on this machine.
    package let folder: String
    private let hubs: HubLookup
    private let entries: JSONObject
    /// What is odd about the description file, for the run's notes.
    let warnings: [String]
    /// Shared by all datasets of a run.
    let batches: BatchCache

    private var path: String { folder + "/dataset_info.json" }

    /// Stands for no folder: every name is one of the hub's, with the defaults of all fields.
    static let hubOnly = "ONLINE"
    /// Goes before the name of a repository that holds the folder.
    static let onHub = "REMOTE:"

    /// Whether `dataset_dir` names no folder on this machine.
    package static func isOnHub(_ folder: String) -> Bool { folder == hubOnly || folder.hasPrefix(onHub) }

    /// - Parameter hubs: where datasets are that were downloaded
    package init(folder: String, batches: BatchCache = BatchCache(), hubs: HubLookup = HubLookup()) throws {
        self.batches = batches
        self.hubs = hubs
        if folder.hasPrefix(Self.onHub) {
            let name = String(folder.dropFirst(Self.onHub.count))
            let repository = HubDataset(name: name, hub: Hub.chosen(hubs.environment))
            self.folder = try repository.snapshot(among: hubs, dataset: folder)
        } else {
            self.folder = folder
        }
        (entries, warnings) =
            folder == Self.hubOnly ? ([:], []) : try Self.read(self.folder + "/dataset_info.json")
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
        if folder == Self.hubOnly {
            let dataset = HubDataset(name: name, hub: Hub.chosen(hubs.environment))
            return DatasetDescription(name: name, source: .hub(dataset))
        }
        guard let entry = entries[name] else {
            throw DataError.unknownDataset(name: name, path: path, known: localNames)
        }
        return try DatasetDescription(name: name, entry: entry, environment: hubs.environment)
    }

    /// The datasets that can be read, for messages.
    private var localNames: [String] {
        let fields = ["file_name"] + Hub.allCases.map(\.datasetField)
        return entries.compactMap { entry in fields.contains { entry.value[$0] != nil } ? entry.key : nil }
    }

    /// The dataset's files: itself, everything in its folder by name, or its split in the hub's cache. All have one
    /// type.
    package func files(of description: DatasetDescription) throws -> [DataFile] {
        switch description.source {
        case .file(let name): try files(of: description, named: name)
        case .hub(let dataset):
            try dataset.files(of: description.splitExpression().name, dataset: description.name, hubs: hubs)
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

import Datasets
import Glibc
import JSONDocuments
import LanguageModels
import LinuxSystem
import RunConfiguration
import ServiceAPI
import TrainingLoop

/// Lists the files of a run that this process may not read: `worker.files`. Whoever can pass them may.
///
/// A folder of which one file is out of reach is listed as a whole, because its files are then found together
/// elsewhere (`SubstituteFiles`).
struct InputListing: TrainingWork {
    private let parameters: ConfigFiles.Parameters
    private let passed: [String: Int32]

    /// - Parameter descriptors: of `parameters.files`, in their order; they are taken over
    init(_ parameters: ConfigFiles.Parameters, descriptors: [Int32]) {
        self.parameters = parameters
        passed = Dictionary(zip(parameters.files ?? [], descriptors)) { first, _ in first }
    }

    /// What a model, tokenizer or adapter folder may hold that is read; weights in shards are named by their index.
    private static let folderNames = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json",
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
        "adapter_config.json", "adapter_model.safetensors", "value_head.safetensors", PositionStretch.fileName,
    ]
    private static let indexNames = ["model.safetensors.index.json", "pytorch_model.bin.index.json"]

    func run(control: TrainingControl, send: @escaping (WorkerEvent) -> Void) throws -> JSONValue {
        let configuration = try parameters.config.configuration(overrides: parameters.overrides ?? [])
        var needed: [ConfigFiles.File] = []
        let folders =
            ([configuration[Parameters.modelNameOrPath], configuration[Parameters.refModel]].compactMap(\.self)
            + configuration.adapterPaths + (configuration[Parameters.refModelAdapters] ?? []))
            .compactMap(absolute)
        for folder in folders { needed += modelFiles(folder) }
        if let input = parameters.input.flatMap(absolute), isOutOfReach(input) {
            needed.append(ConfigFiles.File(path: input, isOptional: false))
        }
        // Without a folder, all is in the hub's cache, which is the service's.
        let isOnHub = DatasetCatalog.isOnHub(configuration[Parameters.datasetDir])
        if !isOnHub, let folder = absolute(configuration[Parameters.datasetDir]) {
            let names = (configuration[Parameters.dataset] ?? []) + (configuration[Parameters.evalDataset] ?? [])
            needed += dataFiles(folder, names)
        }
        if let folder = configuration[Parameters.tokenizedPath].flatMap(absolute) { needed += savedData(folder) }
        var seen = Set(passed.keys)
        let missing = needed.filter { seen.insert($0.path).inserted }
        return try JSONValue(encoding: ConfigFiles.Result(needed: missing, service: ServiceUser.description))
    }

    private func modelFiles(_ folder: String) -> [ConfigFiles.File] {
        if folder.hasSuffix(".gguf") {
            return isOutOfReach(folder) ? [ConfigFiles.File(path: folder, isOptional: true)] : []
        }
        let maps = Self.indexNames.compactMap { object(folder + "/" + $0)?["weight_map"]?.object }
        let shards = Set(maps.flatMap { $0.compactMap { $0.value.string } }).sorted().filter { !$0.contains("/") }
        let all = (Self.folderNames + shards).map { folder + "/" + $0 }
        guard all.contains(where: isOutOfReach) else { return [] }
        // Which of them exist is seen by who may look into the folder.
        return all.map { path in
            ConfigFiles.File(path: path, isOptional: !shards.contains(Path.lastComponent(of: path)))
        }
    }

    private func dataFiles(_ folder: String, _ names: [String]) -> [ConfigFiles.File] {
        let description = folder + "/dataset_info.json"
        let entries = object(description)
        let files = names.compactMap { entries?[$0]?["file_name"]?.string }.map { Path.resolve($0, in: folder) }
        guard ([description] + files).contains(where: isOutOfReach) else { return [] }
        return ([description] + files).map { ConfigFiles.File(path: $0, isOptional: false) }
    }

    private func savedData(_ folder: String) -> [ConfigFiles.File] {
        let manifest = "\(folder)/\(SavedData.manifestName)"
        let files = object(manifest).map(SavedData.fileNames) ?? []
        let all = [manifest] + files.map { "\(folder)/\($0)" }
        guard all.contains(where: isOutOfReach) else { return [] }
        return all.map { ConfigFiles.File(path: $0, isOptional: $0 == manifest) }
    }

    private func absolute(_ path: String) -> String? {
        if path.hasPrefix("/") { return path }
        return parameters.workingDirectory.map { Path.resolve(path, in: $0) }
    }

    private func isOutOfReach(_ path: String) -> Bool {
        do throws(SystemError) {
            _ = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
            return false
        } catch {
            return error.code == EACCES
        }
    }

    /// A small JSON file, from what was passed or from the disk.
    private func object(_ path: String) -> JSONValue? {
        let bytes: [UInt8]?
        if let number = passed[path] {
            let file = FileDescriptor(owning: number)
            bytes = try? file.readAll(at: 0, limit: 64 << 20, subject: path)
            _ = file.release()
        } else {
            bytes = try? MappedFile.contents(of: path)
        }
        return bytes.flatMap { try? JSONDocument(parsingLeniently: $0.span).root.value }
    }
}

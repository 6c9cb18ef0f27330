import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI

extension Command {
    /// Options that `pull` and `push` have in common.
    private static let hubOptions: [Option] = [
        .value(
            "hub", "HUB", "huggingface, modelscope or modelers; else what USE_MODELSCOPE_HUB or USE_OPENMIND_HUB say"),
        .flag("dataset", "NAME is a dataset, not a model"),
        .value("revision", "REV", "a branch, tag or commit; by default the main branch"),
        .value("include", "PATTERNS", "only files that match one of these, with commas between them"),
        .value("exclude", "PATTERNS", "no files that match one of these"),
    ]

    static let pull = Command(
        "pull", "download a model or dataset from a hub, or all that a run needs",
        positionals: [.one("NAME", .file)],
        options: hubOptions + [
            .value("cache-dir", "DIR", "where it goes, instead of the hub's cache", kind: .directory),
            .flag("force", "fetch files again that are there"),
            .flag("here", "into your own cache, also where the system's service has one"),
        ],
        takesOverrides: true,
        details: """
            NAME is owner/name on a hub, or a configuration file (*.yaml, *.json, - is standard input): then every
            model, adapter and dataset is downloaded that it names and that is no folder here, with its cache_dir,
            model_revision, download_mode and access tokens. Files are checked against the hub's hashes and lie as
            huggingface_hub lays them out; what was interrupted goes on where it stopped. Prints the folder.

            With the system's service the files go into its cache, through its unit finetuned-fetch. An access token
            is taken from HF_TOKEN, MODELSCOPE_API_TOKEN or OPENMIND_HUB_TOKEN, from the file that a login has left,
            or from the configuration file; it is never an argument. HF_ENDPOINT, MODELSCOPE_ENDPOINT and
            OPENMIND_HUB_ENDPOINT name mirrors. With HF_HUB_OFFLINE=1 nothing is asked of a hub.
            """
    ) { invocation, context in
        let transfer = HubTransferRequest(invocation, context)
        let argument = invocation.positionals[0]
        guard HubTransferRequest.isConfiguration(argument) else {
            try refuseOverrides(invocation, of: "a name")
            let hub = try transfer.hub()
            var repository = NeededRepository(
                hub: hub, content: transfer.content, name: argument, revision: invocation.value("revision"))
            repository.include = transfer.patterns("include")
            try transfer.tell([try transfer.pull(repository, token: nil)], isList: false)
            return .success
        }
        let file = try ConfigurationFile(invocation, context)
        let configuration = try transfer.configuration(file)
        let needs = RunRepositories(configuration, hub: try transfer.hub(), context)
        let cache = configuration.hubCacheFolder(in: context.workingDirectory)
        var results: [JSONValue] = []
        func pull(_ repository: NeededRepository) throws -> String? {
            let result = try transfer.pull(
                repository, token: configuration.token(for: repository.hub), cacheFolder: cache)
            results.append(result)
            return result["folder"]?.string
        }
        for model in needs.models { _ = try pull(model) }
        let description = try needs.description.flatMap { try pull($0) }
        for dataset in try needs.datasets(description: description) { _ = try pull(dataset) }
        if results.isEmpty { context.say("\(file.name) names nothing that is on a hub") }
        try transfer.tell(results, isList: true)
        return .success
    }

    static let push = Command(
        "push", "upload a folder, or what a run has made, to a hub",
        positionals: [.one("FOLDER", .directory), .optional("NAME", .text)],
        options: hubOptions + [
            .value("message", "TEXT", "of the commit"), .flag("private", "make the repository private if it is new"),
        ],
        takesOverrides: true,
        details: """
            Uploads the files below FOLDER to owner/name on a hub as one commit, and makes the repository if there is
            none; a bare name goes to the owner of the access token. Files that are there already are not sent. Of a
            job (FOLDER is job:ID) and of an output_dir checkpoints are left out. FOLDER may be a configuration file
            (*.yaml, *.json): then export_dir goes to export_hub_model_id, or output_dir to hub_model_id, with
            hub_revision, hub_private_repo and the access tokens of the file. Prints the commit.

            An upload that was interrupted leaves the repository as it was; the same command goes on.
            """
    ) { invocation, context in
        let transfer = HubTransferRequest(invocation, context)
        let argument = invocation.positionals[0]
        let hub = try transfer.hub()
        let name = invocation.positionals.dropFirst().first
        if HubTransferRequest.isConfiguration(argument) {
            let file = try ConfigurationFile(invocation, context)
            let upload = try RunUpload(try transfer.configuration(file), name: name, file: file.name, hub: hub)
            try transfer.tell(push: transfer.push(upload))
            return .success
        }
        try refuseOverrides(invocation, of: "a folder")
        guard let name else {
            throw CommandFailure.usage(
                "`push` needs NAME", hint: "usage: tunectl push \(argument) owner/name")
        }
        var upload = RunUpload(hub: hub, folder: argument, name: name)
        if let job = argument.hasPrefix("job:") ? String(argument.dropFirst(4)) : nil {
            (upload.folder, upload.exclude) = (try transfer.output(ofJob: job), RunUpload.checkpoints)
        }
        try transfer.tell(push: transfer.push(upload))
        return .success
    }

    private static func refuseOverrides(_ invocation: Invocation, of what: String) throws {
        guard let first = invocation.overrides.first else { return }
        throw CommandFailure.usage(
            "`\(first.prefix { $0 != "=" })=...` belongs to a configuration file, not to \(what)",
            hint: "see tunectl help \(invocation.command.name)")
    }
}

/// What is to be uploaded where.
struct RunUpload {
    static let checkpoints = ["checkpoint-*/*"]

    let hub: Hub
    var folder: String
    let name: String
    var exclude: [String] = []
    var revision: String?
    var isPrivate: Bool?
    var token: String?

    init(hub: Hub, folder: String, name: String) {
        self.hub = hub
        self.folder = folder
        self.name = name
    }

    /// What a run's configuration says.
    ///
    /// - Parameter name: wins over the configuration's
    init(_ configuration: RunConfiguration, name: String?, file: String, hub: Hub) throws {
        let isExport = configuration[Parameters.exportDir] != nil
        let target = name ?? configuration[Parameters.exportHubModelId] ?? configuration[Parameters.hubModelId]
        guard let target else {
            throw CommandFailure(
                kind: "bad_config", message: "\(file) names no repository to upload to",
                hint: "set \(isExport ? "export_hub_model_id" : "hub_model_id"), or give NAME",
                details: ["parameter": .string(isExport ? "export_hub_model_id" : "hub_model_id")])
        }
        self.init(
            hub: hub, folder: configuration[Parameters.exportDir] ?? configuration[Parameters.outputDir], name: target)
        if !isExport { exclude = Self.checkpoints }
        revision = configuration[Parameters.hubRevision]
        isPrivate = configuration[Parameters.hubPrivateRepo]
        token = configuration[Parameters.hubToken] ?? configuration.token(for: hub)
    }
}

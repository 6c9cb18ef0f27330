import JSONDocuments
import LinuxSystem
import RunConfiguration
import ServiceAPI
import TerminalOutput

/// Asks `finetuned-fetch` for what a command line says, and shows how far it is.
struct HubTransferRequest {
    private let invocation: Invocation
    private let context: CommandContext
    private let environment: EnvironmentVariables

    init(_ invocation: Invocation, _ context: CommandContext) {
        self.invocation = invocation
        self.context = context
        environment = EnvironmentVariables(context.environment)
    }

    /// Whether an argument names a configuration file and not something else.
    static func isConfiguration(_ argument: String) -> Bool {
        argument == "-" || [".yaml", ".yml", ".json"].contains { argument.hasSuffix($0) }
    }

    /// Decoded but not judged as a run: what is refused there may well be downloaded.
    func configuration(_ file: ConfigurationFile) throws -> RunConfiguration {
        func read(_ overrides: [String]) throws(ConfigurationError) -> RunConfiguration {
            try RunConfiguration.parse(yaml: file.text, name: file.name, overrides: overrides)
        }
        do throws(ConfigurationError) {
            let written = try read(invocation.overrides)
            let paths = written.paths { HomeFolder.expand($0) }
            if paths.isEmpty { return written }
            return try read(
                invocation.overrides + paths.map { "\($0.name)=\(JSONValue($0.value).serialized(.compact))" })
        } catch {
            throw CommandFailure(error)
        }
    }

    func hub() throws -> Hub {
        guard let name = invocation.value("hub") else { return Hub.chosen(environment) }
        guard let hub = Hub(rawValue: name) else {
            throw CommandFailure.usage(
                "there is no hub `\(name)`", hint: "there are " + Hub.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return hub
    }

    var content: Hub.Content { invocation.has("dataset") ? .dataset : .model }

    func patterns(_ option: String) -> [String]? {
        invocation.value(option).map { $0.split(separator: ",").map(String.init) }
    }

    // MARK: - Downloads

    /// - Returns: the answer, with what was asked for
    func pull(_ repository: NeededRepository, token: String?, cacheFolder: String? = nil) throws -> JSONValue {
        let cache =
            invocation.value("cache-dir").map { Path.resolve($0, in: context.workingDirectory) } ?? cacheFolder
        let isOwn = cache != nil || invocation.has("here")
        let place: FetchPlace = !isOwn && context.hasFetchService ? .service : .ownProgram
        var parameters = HubPull.Parameters(
            hub: repository.hub.rawValue, content: repository.content.rawValue, name: repository.name)
        parameters.revision = invocation.value("revision") ?? repository.revision
        parameters.cacheFolder = cache
        parameters.include = repository.include
        parameters.exclude = patterns("exclude")
        parameters.force = invocation.has("force") || repository.isFetchedAgain ? true : nil
        // The program finds a token itself where it runs as this user.
        let found = place == .service ? HubToken.found(for: repository.hub, environment)?.secret : nil
        parameters.token = token ?? found
        let result = try call(HubPull.name, try JSONValue(encoding: parameters), place, title: repository.name)
        var object: JSONObject = [
            "hub": .string(repository.hub.rawValue), "content": .string(repository.content.rawValue),
            "name": .string(repository.name),
        ]
        for (key, value) in result.object ?? [:] { object[key] = value }
        return .object(object)
    }

    func tell(_ results: [JSONValue], isList: Bool) throws {
        if context.wantsJSON {
            context.printJSON(isList ? .array(results) : results[0])
            return
        }
        for result in results {
            let bytes = result["transferred_bytes"]?.integer ?? 0
            context.say(
                "\(result["name"]?.string ?? ""): \(result["files"]?.integer ?? 0) files at commit "
                    + "\(result["commit"]?.string ?? ""), \(bytes) bytes downloaded")
            context.output.write((result["folder"]?.string ?? "") + "\n")
        }
    }

    // MARK: - Uploads

    func push(_ upload: RunUpload) throws -> JSONValue {
        var parameters = HubPush.Parameters(
            hub: upload.hub.rawValue, content: content.rawValue, name: upload.name,
            folder: Path.resolve(upload.folder, in: context.workingDirectory))
        parameters.revision = invocation.value("revision") ?? upload.revision
        parameters.message = invocation.value("message")
        parameters.isPrivate = invocation.has("private") ? true : upload.isPrivate
        parameters.include = patterns("include")
        parameters.exclude = upload.exclude + (patterns("exclude") ?? [])
        parameters.token = upload.token
        return try call(HubPush.name, try JSONValue(encoding: parameters), .ownProgram, title: upload.name)
    }

    /// The folder that a job writes to, as this user sees it.
    func output(ofJob id: String) throws -> String {
        let job = try context.client().call(JobGet.self, JobReference(job: id))
        guard let output = job["output_dir"]?.string else {
            throw CommandFailure(kind: "permission", message: "job \(id) belongs to somebody else")
        }
        let path = Path.resolve(output, in: job["working_directory"]?.string ?? context.workingDirectory)
        guard FileSystem.isDirectory(path) else {
            throw CommandFailure(
                kind: "not_found", message: "the output of job \(id) is not at \(path)",
                hint: "tunectl fetch \(id) DIR brings it here; then push DIR")
        }
        return path
    }

    func tell(push result: JSONValue) throws {
        if context.wantsJSON {
            context.printJSON(result)
            return
        }
        let changed = result["changed_files"]?.integer ?? 0
        context.say(
            changed == 0
                ? "\(result["address"]?.string ?? "") has these files already"
                : "\(changed) of \(result["files"]?.integer ?? 0) files -> \(result["address"]?.string ?? "")")
        if let commit = result["commit"]?.string { context.output.write(commit + "\n") }
    }

    // MARK: - Both

    private func call(
        _ method: String, _ parameters: JSONValue, _ place: FetchPlace, title: String
    ) throws -> JSONValue {
        let display = TransferDisplay(context, title: title)
        defer { display.finish() }
        do {
            return try context.fetchClient(place).call(method, parameters) { notification in
                if let value = notification.params["value"] { display.show(value) }
            }
        } catch let failure as CommandFailure where failure.kind == "interrupted" {
            display.finish()
            context.say("interrupted; the same command goes on where this one stopped")
            throw failure
        }
    }
}

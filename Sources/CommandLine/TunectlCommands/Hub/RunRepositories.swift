import JSONDocuments
import LinuxSystem
import RunConfiguration

/// A repository that a run needs and that is no folder of this machine.
struct NeededRepository: Equatable {
    let hub: Hub
    let content: Hub.Content
    let name: String
    var revision: String?
    var include: [String]?
    var isFetchedAgain = false
}

/// Finds what a run's configuration names on hubs.
struct RunRepositories {
    private let configuration: RunConfiguration
    private let context: CommandContext
    /// For the models; `--hub` or what the variables choose.
    private let hub: Hub
    private let environment: EnvironmentVariables

    init(_ configuration: RunConfiguration, hub: Hub, _ context: CommandContext) {
        self.configuration = configuration
        self.context = context
        self.hub = hub
        environment = EnvironmentVariables(context.environment)
    }

    /// Models and adapters that are neither folders nor outputs of jobs.
    var models: [NeededRepository] {
        let names =
            [configuration[Parameters.modelNameOrPath]].compactMap(\.self)
            + (configuration[Parameters.adapterNameOrPath] ?? [])
            + [configuration[Parameters.refModel]].compactMap(\.self)
            + (configuration[Parameters.refModelAdapters] ?? [])
            + [configuration[Parameters.rewardModel]].compactMap(\.self)
            + (configuration[Parameters.rewardModelAdapters] ?? [])
        var seen: Set<String> = []
        return names.filter { name in
            Hub.isRepositoryName(name) && seen.insert(name).inserted
                && !FileSystem.isDirectory(Path.resolve(name, in: context.workingDirectory))
        }.map {
            NeededRepository(hub: hub, content: .model, name: $0, revision: configuration[Parameters.modelRevision])
        }
    }

    /// The repository that holds dataset_info.json: `dataset_dir: REMOTE:owner/name`.
    var description: NeededRepository? {
        let folder = configuration[Parameters.datasetDir]
        guard folder.hasPrefix("REMOTE:") else { return nil }
        return dataset(hub, String(folder.dropFirst("REMOTE:".count)))
    }

    /// - Parameter folder: where `description` lies on this machine, once it does
    func datasets(description folder: String?) throws -> [NeededRepository] {
        let names = (configuration[Parameters.dataset] ?? []) + (configuration[Parameters.evalDataset] ?? [])
        let place = configuration[Parameters.datasetDir]
        guard !names.isEmpty else { return [] }
        if place == "ONLINE" { return names.map { dataset(hub, $0) } }
        let path = Path.resolve("dataset_info.json", in: folder ?? Path.resolve(place, in: context.workingDirectory))
        let entries = try JSONValue(parsing: context.text(ofFile: path))
        var needed: [NeededRepository] = []
        for name in names {
            guard let entry = entries[name] else {
                throw CommandFailure(
                    kind: "bad_data", message: "the dataset `\(name)` is not described in \(path)",
                    details: ["field": "dataset"])
            }
            let hubs = Hub.allCases.filter { entry[$0.datasetField]?.string != nil }
            guard let chosen = Hub.ofDataset(named: Set(hubs), environment),
                let repository = entry[chosen.datasetField]?.string
            else { continue }
            var found = dataset(chosen, repository)
            // The description of the whole is needed to find the files of a part.
            if let part = entry["folder"]?.string { found.include = [part + "/", "README.md"] }
            if !needed.contains(found) { needed.append(found) }
        }
        return needed
    }

    private func dataset(_ hub: Hub, _ name: String) -> NeededRepository {
        var needed = NeededRepository(hub: hub, content: .dataset, name: name)
        needed.isFetchedAgain = configuration[Parameters.downloadMode] == "force_redownload"
        return needed
    }
}

extension RunConfiguration {
    /// The access token that the configuration holds for a hub.
    func token(for hub: Hub) -> String? {
        switch hub {
        case .huggingFace: self[Parameters.hfHubToken]
        case .modelScope: self[Parameters.msHubToken]
        case .modelers: self[Parameters.omHubToken]
        }
    }
}

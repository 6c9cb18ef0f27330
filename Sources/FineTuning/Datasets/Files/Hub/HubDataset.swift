package import LinuxSystem

/// A dataset on a hub, of which the files are taken that the cache on this machine holds.
package struct HubDataset: Hashable, Sendable {
    /// `owner/name`
    package var name: String
    /// A part that the repository's README.md describes (`configs`).
    package var subset: String?
    /// A folder of the repository, which is searched instead of all of it; README.md is not asked then.
    package var folder: String?
    package var hub: Hub

    package init(name: String, subset: String? = nil, folder: String? = nil, hub: Hub = .huggingFace) {
        self.hub = hub
        self.name = name
        self.subset = subset
        self.folder = folder
    }

    /// Files that describe data and hold none.
    private static let ignored: Set<String> = [
        "README.md", "config.json", "dataset_info.json", "dataset_infos.json", "dummy_data.zip", "dataset_dict.json",
    ]
    private static let mostFiles = 100_000
    private static let mostDepth = 16
    private static let largestCard = 4 << 20

    /// The files of a split, by the rules of the `datasets` library.
    ///
    /// - Parameter dataset: the dataset's name in messages
    func files(of split: String, dataset: String, hubs: HubLookup) throws -> [DataFile] {
        let snapshot = try snapshot(among: hubs, dataset: dataset)
        func failure(_ reason: String) -> DataError {
            .badHubDataset(dataset: dataset, hub: hub, repository: name, folder: snapshot, reason: reason)
        }
        let (start, splits) = try splits(in: snapshot, failure)
        let base = start.isEmpty ? snapshot : "\(snapshot)/\(start)"
        let paths = Self.paths(in: base)
        guard !paths.isEmpty else {
            throw failure("\(start.isEmpty ? "it" : "its folder `\(start)`") has no files here\(fetch(hubs))")
        }
        let found = splits ?? HubSplits(namesOf: paths)
        guard let patterns = found.patterns(of: split) else {
            let names = found.names.map { "`\($0)`" }.joined(separator: ", ")
            throw failure("it has no split `\(split)`, but \(names)")
        }
        let known = Set(paths)
        var chosen: [String] = []
        var seen: Set<String> = []
        for pattern in patterns {
            guard !pattern.contains("://"), !pattern.hasPrefix("/") else {
                throw failure("`\(pattern)` lies elsewhere, which is not read")
            }
            if GlobPattern.isPlain(pattern) {
                let path = pattern.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
                guard known.contains(path) else {
                    throw failure("its file `\(path)` is not here\(fetch(hubs))")
                }
                if seen.insert(path).inserted { chosen.append(path) }
                continue
            }
            let glob = GlobPattern(pattern)
            chosen += paths.filter { glob.matches($0) && seen.insert($0).inserted }
        }
        let files = Self.ofOneKind(chosen.compactMap { try? DataFile(path: "\(base)/\($0)", inFolder: true) })
        guard !files.isEmpty else {
            throw failure("the split `\(split)` has no file of a kind that is read here\(fetch(hubs))")
        }
        if let missing = Self.missingShard(files) { throw failure("\(missing) is not here\(fetch(hubs))") }
        return files
    }

    // MARK: - Cache

    /// The folder of the version that the cache has.
    func snapshot(among hubs: HubLookup, dataset: String) throws -> String {
        guard Hub.isRepositoryName(name) else {
            throw DataError.badDescription(
                dataset: dataset, field: hub.datasetField, expected: "a name as `owner/name`", found: "`\(name)`")
        }
        let cache = hubs.cache(of: hub)
        guard let snapshot = cache.snapshot(of: .dataset, name) else {
            throw DataError.notInHubCache(
                dataset: dataset, hub: hub, repository: name, folder: cache.repository(.dataset, name),
                command: hubs.command(for: .dataset, name, on: hub))
        }
        return snapshot
    }

    private func fetch(_ hubs: HubLookup) -> String {
        "; fetch it with `\(hubs.command(for: .dataset, name, on: hub))`"
    }

    // MARK: - Files

    /// Where the data begins, and the splits if the repository describes them.
    private func splits(
        in snapshot: String, _ failure: (String) -> DataError
    ) throws -> (folder: String, splits: HubSplits?) {
        if let folder {
            let parts = folder.split(separator: "/").filter { $0 != "." }
            guard !folder.hasPrefix("/"), !parts.contains("..") else {
                throw failure("`folder` must be a path within it, not `\(folder)`")
            }
            return (parts.joined(separator: "/"), nil)
        }
        let card = (try? MappedFile.contents(of: snapshot + "/README.md", limit: Self.largestCard)) ?? []
        let subsets: [HubSplits.Subset]
        do {
            subsets = try HubSplits.subsets(card: String(decoding: card, as: UTF8.self))
        } catch {
            throw failure("README.md: \(error.reason)")
        }
        guard let subset = try subset(of: subsets, failure) else { return ("", nil) }
        let folder = (subset.folder ?? "").split(separator: "/").filter { $0 != "." }
        guard !folder.contains("..") else { throw failure("README.md: `data_dir` leads out of it") }
        return (folder.joined(separator: "/"), subset.splits)
    }

    /// The subset that is asked for; where none is, the one that the repository takes by default.
    private func subset(
        of subsets: [HubSplits.Subset], _ failure: (String) -> DataError
    ) throws -> HubSplits.Subset? {
        // A repository that describes none has one under any name, as in the reference.
        guard !subsets.isEmpty else { return nil }
        let names = subsets.map { "`\($0.name)`" }.joined(separator: ", ")
        if let wanted = self.subset {
            guard let subset = subsets.first(where: { $0.name == wanted }) else {
                throw failure("it has no subset `\(wanted)`, but \(names)")
            }
            return subset
        }
        let standard = subsets.filter { subsets.count == 1 || $0.name == "default" || $0.isDefault }
        guard standard.count == 1 else {
            throw failure("it has several subsets: name one of \(names) as `subset` in dataset_info.json")
        }
        return standard[0]
    }

    /// Every file below a folder, sorted, relative to it.
    private static func paths(in base: String) -> [String] {
        var paths: [String] = []
        var seen = 0
        func walk(_ prefix: String, depth: Int) {
            guard depth < mostDepth, let names = try? FileSystem.entries(of: "\(base)/\(prefix)") else { return }
            for name in names {
                seen += 1
                guard seen <= mostFiles else { return }
                let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
                switch FileSystem.kind(of: "\(base)/\(path)") {
                case .directory: walk(path, depth: depth + 1)
                case .regularFile where !ignored.contains(name): paths.append(path)
                default: continue
                }
            }
        }
        walk("", depth: 0)
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Those of the kind that most names end in.
    private static func ofOneKind(_ files: [DataFile]) -> [DataFile] {
        let favorites = ["csv", "json", "jsonl", "arrow", "parquet"]
        var counts: [String: Int] = [:]
        for file in files { counts[file.ending, default: 0] += 1 }
        func rank(_ ending: String) -> (Int, Int, String) {
            (counts[ending] ?? 0, favorites.firstIndex(of: ending) ?? -1, ending)
        }
        guard let most = counts.keys.max(by: { rank($0) < rank($1) }),
            let kind = files.first(where: { $0.ending == most })?.kind
        else { return [] }
        return files.filter { $0.kind == kind }
    }

    /// The name of a part that the others speak of, if one was not downloaded.
    private static func missingShard(_ files: [DataFile]) -> String? {
        struct Group: Hashable {
            let folder: String
            let stem: String
            let count: Int
            let ending: String
        }
        var numbers: [Group: Set<Int>] = [:]
        for file in files {
            guard let shard = HubShard(file.name) else { continue }
            let group = Group(
                folder: Path.parent(of: file.path), stem: shard.stem, count: shard.count, ending: shard.ending)
            numbers[group, default: []].insert(shard.number)
        }
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        for (group, found) in numbers.sorted(by: { $0.key.stem < $1.key.stem }) where found.count < group.count {
            let first = (0..<found.count + 1).first { !found.contains($0) } ?? found.count
            return "`\(group.stem)-\(padded(first))-of-\(padded(group.count))\(group.ending)`"
        }
        return nil
    }
}

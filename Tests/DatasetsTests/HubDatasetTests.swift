import JSONDocuments
import LinuxSystem
import Testing

import Datasets

struct HubDatasetTests {
    /// A cache with one dataset, `org/name`; links stand for files, as in real ones.
    func cache(_ files: [String: String]) throws -> (HubLookup, ScratchFolder) {
        let root = "hub/datasets--org--name"
        var all = ["\(root)/refs/main": "abc\n", "\(root)/snapshots/old/train.jsonl": "{\"a\": \"old\"}"]
        for (name, text) in files { all["\(root)/snapshots/abc/\(name)"] = text }
        let folder = try ScratchFolder(all)
        return (HubLookup(cacheFolder: folder.path + "/hub"), folder)
    }

    func rows(
        _ entry: String, _ files: [String: String], dataset: String = "d"
    ) throws -> [String] {
        let (cache, kept) = try cache(files)
        try kept.write("{\"\(dataset)\": \(entry)}", to: "data/dataset_info.json")
        let catalog = try DatasetCatalog(folder: kept.path + "/data", hubs: cache)
        let table = try RowTable(files: try catalog.files(of: try catalog.description(of: dataset)))
        return try (0..<table.count).compactMap { try table.row($0)["a"]?.string }
    }

    func line(_ text: String) -> String { "{\"a\": \"\(text)\"}\n" }

    static let layouts: [([String], String, [String])] = [
        // Everything is one split where nothing names any.
        (
            ["b.jsonl", "a.jsonl", "README.md", ".gitattributes", "__cache/c.jsonl", ".hidden/d.jsonl"], "train",
            ["a.jsonl", "b.jsonl"]
        ),
        (["train.jsonl", "test.jsonl", "other.jsonl"], "train", ["train.jsonl"]),
        (["train.jsonl", "test.jsonl", "other.jsonl"], "test", ["test.jsonl"]),
        (["my-train_0.jsonl", "my-train_1.jsonl", "dev.jsonl"], "train", ["my-train_0.jsonl", "my-train_1.jsonl"]),
        (["my-train_0.jsonl", "dev.jsonl"], "validation", ["dev.jsonl"]),
        (["constrained.jsonl", "latest.jsonl"], "train", ["constrained.jsonl", "latest.jsonl"]),
        // Folders come before names of files.
        (["data/train/x.jsonl", "data/test-2/train.jsonl"], "train", ["data/train/x.jsonl"]),
        (["data/train/x.jsonl", "data/test-2/train.jsonl"], "test", ["data/test-2/train.jsonl"]),
        // Parts of any split, in `data` alone.
        (
            ["data/train-00000-of-00002.jsonl", "data/train-00001-of-00002.jsonl", "data/odd-00000-of-00001.jsonl"],
            "train", ["data/train-00000-of-00002.jsonl", "data/train-00001-of-00002.jsonl"]
        ),
        (
            ["data/train-00000-of-00001.jsonl", "data/odd-00000-of-00001-1a2b.jsonl"], "odd",
            ["data/odd-00000-of-00001-1a2b.jsonl"]
        ),
        // The kind that most files have.
        (["a.jsonl", "b.jsonl", "c.csv", "LICENSE", "script.py"], "train", ["a.jsonl", "b.jsonl"]),
    ]

    @Test(arguments: layouts) func splitsByName(names: [String], split: String, expected: [String]) throws {
        var files: [String: String] = [:]
        for name in names { files[name] = line(name) }
        #expect(try rows("{\"hf_hub_url\": \"org/name\", \"split\": \"\(split)\"}", files) == expected)
    }

    static let card = """
        ---
        license: mit
        configs:
        - config_name: small
          data_files:
          - split: train
            path: "parts/*-small.jsonl"
          - split: test
            path: [parts/t.jsonl, ./parts/u.jsonl]
        - config_name: large
          default: true
          data_files: "**/*large*"
        - config_name: folder
          data_dir: extra
        ---
        # A card
        """

    @Test(arguments: [
        (#""subset": "small""#, ["parts/a-small.jsonl", "parts/b-small.jsonl"]),
        (#""subset": "small", "split": "test""#, ["parts/t.jsonl", "parts/u.jsonl"]),
        (#""subset": "small", "split": "test[1:]""#, ["parts/t.jsonl", "parts/u.jsonl"]),
        (#""split": "train""#, ["large.jsonl", "parts/large.jsonl"]),
        (#""subset": "folder""#, ["extra/train.jsonl"]), (#""folder": "extra""#, ["extra/train.jsonl"]),
    ])
    func subsetsOfTheCard(fields: String, expected: [String]) throws {
        var files = ["README.md": Self.card]
        for name in [
            "large.jsonl", "parts/a-small.jsonl", "parts/b-small.jsonl", "parts/large.jsonl", "parts/t.jsonl",
            "parts/u.jsonl", "extra/train.jsonl", "extra/test.jsonl",
        ] {
            files[name] = line(name)
        }
        #expect(try rows("{\"hf_hub_url\": \"org/name\", \(fields)}", files) == expected)
    }

    static let failures: [([String: String], String, String)] = [
        ([:], #"{"hf_hub_url": "org/other"}"#, "`tunectl pull org/other --dataset --cache-dir "),
        ([:], #"{"hf_hub_url": "../../etc"}"#, "must be a name as `owner/name`"),
        (["train.jsonl": ""], #"{"hf_hub_url": "org/name", "split": "test"}"#, "no split `test`, but `train`"),
        (["train.jsonl": ""], #"{"hf_hub_url": "org/name", "split": "train+test"}"#, "`split` must be one split"),
        (["README.md": card], #"{"hf_hub_url": "org/name", "subset": "x"}"#, "it has no subset `x`, but `small`"),
        (["README.md": "---\nconfigs: 7\n---\n", "a.csv": ""], #"{"hf_hub_url": "org/name"}"#, "must be a list"),
        (["README.md": "---\nconfigs: [\n---\n", "a.csv": ""], #"{"hf_hub_url": "org/name"}"#, "not understood"),
        (["a.md": ""], #"{"hf_hub_url": "org/name"}"#, "no file of a kind that is read"),
        (["a.csv": ""], #"{"hf_hub_url": "org/name", "folder": "../x"}"#, "`folder` must be a path within"),
        (["a.csv": ""], #"{"hf_hub_url": "org/name", "folder": "x"}"#, "its folder `x` has no files here"),
        (
            ["data/train-00000-of-00003.csv": "", "data/train-00002-of-00003.csv": ""],
            #"{"hf_hub_url": "org/name"}"#,
            "`train-00001-of-00003.csv` is not here; fetch it with `tunectl pull org/name --dataset"
        ),
        (
            ["README.md": card, "x": ""], #"{"hf_hub_url": "org/name", "subset": "small", "split": "test"}"#,
            "its file `parts/t.jsonl` is not here"
        ),
    ]

    @Test(arguments: failures) func whatIsMissingIsNamed(
        files: [String: String], entry: String, message: String
    ) throws {
        let error = #expect(throws: DataError.self) { try rows(entry, files) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func theFolderLookedForIsNamed() throws {
        let (cache, kept) = try cache([:])
        let catalog = try DatasetCatalog(folder: "ONLINE", hubs: cache)
        let error = #expect(throws: DataError.self) { try catalog.files(of: try catalog.description(of: "a/b")) }
        let hub = kept.path + "/hub"
        #expect(
            error?.description
                == "the dataset `a/b` is `a/b` on the hub Hugging Face, and there is no copy of it on this machine "
                + "(looked for \(hub)/datasets--a--b/snapshots); fetch it with "
                + "`tunectl pull a/b --dataset --cache-dir \(hub)`")
    }

    /// `dataset_dir: ONLINE`
    @Test func namesMayBeTheHubs() throws {
        let (cache, kept) = try cache(["train.jsonl": line("x")])
        let catalog = try DatasetCatalog(folder: "ONLINE", hubs: cache)
        let files = try catalog.files(of: try catalog.description(of: "org/name"))
        #expect(files.map(\.path) == [kept.path + "/hub/datasets--org--name/snapshots/abc/train.jsonl"])
    }

    /// A description may name the dataset on several hubs; each has a cache of its own.
    @Test(arguments: [
        (#"{"ms_hub_url": "org/name"}"#, [:], "scope"), (#"{"om_hub_url": "org/name"}"#, [:], "modelers"),
        (#"{"hf_hub_url": "org/name", "ms_hub_url": "org/name"}"#, [:], "face"),
        (#"{"hf_hub_url": "org/name", "ms_hub_url": "org/name"}"#, ["USE_MODELSCOPE_HUB": "1"], "scope"),
        (#"{"hf_hub_url": "org/name", "om_hub_url": "org/name"}"#, ["USE_OPENMIND_HUB": "1"], "modelers"),
    ])
    func everyHubHasItsDatasets(entry: String, switches: [String: String], expected: String) throws {
        let kept = try ScratchFolder([
            "data/dataset_info.json": "{\"d\": \(entry)}",
            "c/datasets--org--name/snapshots/a/x.jsonl": line("face"),
            "c/modelscope/datasets--org--name/snapshots/a/x.jsonl": line("scope"),
            "c/modelers/datasets--org--name/snapshots/a/x.jsonl": line("modelers"),
        ])
        let hubs = HubLookup(cacheFolder: kept.path + "/c", environment: EnvironmentVariables(switches))
        let catalog = try DatasetCatalog(folder: kept.path + "/data", hubs: hubs)
        let table = try RowTable(files: try catalog.files(of: try catalog.description(of: "d")))
        #expect(try table.row(0)["a"]?.string == expected)
    }

    /// `dataset_dir: REMOTE:org/name`
    @Test func theDescriptionMayBeInADatasetOfAHub() throws {
        let (hubs, kept) = try cache([
            "dataset_info.json": #"{"rows": {"file_name": "rows.jsonl"}}"#, "rows.jsonl": line("here"),
        ])
        let catalog = try DatasetCatalog(folder: "REMOTE:org/name", hubs: hubs)
        #expect(catalog.folder == kept.path + "/hub/datasets--org--name/snapshots/abc")
        let files = try catalog.files(of: try catalog.description(of: "rows"))
        #expect(files.map(\.path) == [catalog.folder + "/rows.jsonl"])
        let missing = #expect(throws: DataError.self) { try DatasetCatalog(folder: "REMOTE:org/no", hubs: hubs) }
        #expect(missing?.description.contains("tunectl pull org/no --dataset") ?? false)
    }
}

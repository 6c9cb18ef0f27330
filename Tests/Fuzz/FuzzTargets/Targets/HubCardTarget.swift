import Datasets
import Glibc
import LinuxSystem

/// The head of README.md in a dataset's repository, which says where its files are.
struct HubCardTarget: FuzzTarget {
    static let name = "hub-card"
    static let tokens = [
        "---\n", "configs:\n", "- config_name: ", "  data_files:", "  - split: train\n", "    path: ", "  data_dir: ",
        "  default: true\n", "\"**/*\"", "\"data/[0-9]*\"", "[!a-z]", "[", "]", "**", "?", "../", "a.jsonl", "{", "}",
    ]
    static var seeds: [[UInt8]] {
        [
            "---\nlicense: mit\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n"
                + "    path: \"data/tr[a-z]*n-?????-of-*.jsonl\"\n  - split: test\n    path: [x/a.jsonl, \"**/b*\"]\n---\n# x\n",
            "---\nconfigs:\n- config_name: a\n  default: true\n  data_files: \"**/*.jsonl\"\n- config_name: b\n"
                + "  data_dir: x\n---\n",
            "# nothing\n",
        ].map { Array($0.utf8) }
    }
    private let folder: Folder

    /// A cache with one repository, which is removed with the value.
    private final class Folder: Sendable {
        let path = "/dev/shm/finetuned-fuzz-\(getpid())-hub"
        var snapshot: String { "\(path)/hub/datasets--a--b/snapshots/c" }

        init() throws {
            for name in ["data", "x/train"] { try FileSystem.createDirectories("\(snapshot)/\(name)") }
            let files = [
                "data/train-00000-of-00001.jsonl", "x/a.jsonl", "x/b.jsonl", "x/train/c.jsonl", "test.jsonl", ".hidden",
            ]
            for name in files { try Self.write([], to: "\(snapshot)/\(name)") }
        }

        static func write(_ bytes: [UInt8], to path: String) throws {
            try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC).writeAll(bytes)
        }

        deinit { try? FileSystem.remove(path) }
    }

    init() throws { folder = try Folder() }

    func take(_ input: [UInt8]) throws {
        try Folder.write(input, to: folder.snapshot + "/README.md")
        let catalog = try DatasetCatalog(folder: "ONLINE", hubs: HubLookup(cacheFolder: folder.path + "/hub"))
        for file in try catalog.files(of: try catalog.description(of: "a/b"))
        where !file.path.hasPrefix(folder.snapshot + "/") || file.path.contains("..") {
            throw BrokenPromise("\(file.path) lies outside of the repository")
        }
    }

    static func isExpected(_ error: any Error) -> Bool { error is DataError }
}

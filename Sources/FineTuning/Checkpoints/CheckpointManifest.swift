import Glibc
import JSONDocuments
import LinuxSystem

/// The list that is written last into a checkpoint: what belongs to it and under which conditions it was made.
package struct CheckpointManifest: Codable, Equatable, Sendable {
    package static let fileName = "MANIFEST.json"
    package static let currentVersion = 1

    package struct File: Codable, Equatable, Sendable {
        package var name: String
        package var size: Int
        /// XXH3-128 of the content, hexadecimal.
        package var xxh3: String

        package init(name: String, size: Int, xxh3: String) {
            self.name = name
            self.size = size
            self.xxh3 = xxh3
        }
    }

    /// What decides the numbers of a run beside its data; a difference means "not byte-identical any more".
    package struct Conditions: Codable, Equatable, Sendable {
        /// Hash of everything in the configuration that changes results.
        package var configuration: String
        /// Hash of the tokenized training data.
        package var data: String
        package var seed: Int
        package var threads: Int
        package var coreType: String
        package var vectorInstructions: String
        /// How exactly products were computed; nil in checkpoints of earlier versions.
        package var matmulPrecision: String?

        package init(
            configuration: String, data: String, seed: Int, threads: Int, coreType: String, vectorInstructions: String,
            matmulPrecision: String? = nil
        ) {
            self.configuration = configuration
            self.data = data
            self.seed = seed
            self.threads = threads
            self.coreType = coreType
            self.vectorInstructions = vectorInstructions
            self.matmulPrecision = matmulPrecision
        }

        /// One sentence for each condition that differs from an earlier one.
        package func differences(from earlier: Conditions) -> [String] {
            func line(_ name: String, _ old: some Equatable, _ new: some Equatable, _ differs: Bool) -> String? {
                differs ? "\(name) was \(old), is now \(new)" : nil
            }
            return [
                configuration != earlier.configuration ? "the configuration has changed" : nil,
                data != earlier.data ? "the training data have changed" : nil,
                line("the seed", earlier.seed, seed, earlier.seed != seed),
                line("the number of threads", earlier.threads, threads, earlier.threads != threads),
                line("OpenBLAS's core type", earlier.coreType, coreType, earlier.coreType != coreType),
                line(
                    "the instruction set", earlier.vectorInstructions, vectorInstructions,
                    earlier.vectorInstructions != vectorInstructions),
                line(
                    "the precision of products", earlier.matmulPrecision ?? "", matmulPrecision ?? "",
                    earlier.matmulPrecision != nil && earlier.matmulPrecision != matmulPrecision),
            ].compactMap { $0 }
        }
    }

    package var version: Int
    package var step: Int
    /// Names the run that wrote it, so that a run that is started again finds its own checkpoints.
    package var run: String
    package var files: [File]
    package var conditions: Conditions
    /// Files that go as soon as the run has gone on from here; nil in a checkpoint that stays as it is.
    package var passing: [String]?

    /// Whether a run can go on from it; with weights alone (`save_only_model`) none can.
    package var isResumable: Bool { files.contains { $0.name == OptimizerFile.name } }

    /// Reads a checkpoint's manifest.
    package static func read(from folder: String) throws -> CheckpointManifest {
        let path = "\(folder)/\(fileName)"
        guard FileSystem.isFile(path) else { throw CheckpointError.noManifest(path: folder) }
        do {
            let bytes = try MappedFile.contents(of: path, limit: 16 << 20)
            let manifest = try JSONValue(parsing: bytes).decoded(as: CheckpointManifest.self)
            guard manifest.version == currentVersion else {
                throw CheckpointError.damaged(path: folder, problem: "its manifest has version \(manifest.version)")
            }
            return manifest
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw CheckpointError.damaged(path: folder, problem: "its manifest cannot be read: \(error)")
        }
    }

    /// Reads every file that the manifest lists and compares size and hash.
    ///
    /// - Parameter isWanted: leaves files out, for who needs only some of them
    /// - Throws: `CheckpointError.damaged` naming the first file that differs.
    package func verify(in folder: String, where isWanted: (String) -> Bool = { _ in true }) throws {
        for file in files where isWanted(file.name) {
            let path = "\(folder)/\(file.name)"
            guard FileSystem.isFile(path) else {
                throw CheckpointError.damaged(path: folder, problem: "\(file.name) is missing")
            }
            let size = Int(try FileDescriptor.open(path, 0).status().st_size)
            guard size == file.size else {
                throw CheckpointError.damaged(
                    path: folder, problem: "\(file.name) has \(size) bytes, not \(file.size)")
            }
            guard try FileHash.ofFile(path) == file.xxh3 else {
                throw CheckpointError.damaged(path: folder, problem: "\(file.name) is not what was written")
            }
        }
    }
}

import Glibc
import LinuxSystem
import RunConfiguration

/// The checkpoints below an output directory.
package enum CheckpointFolders {
    /// Steps for which a folder `checkpoint-N` exists, ascending.
    package static func steps(in output: String) -> [Int] {
        let names = (try? FileSystem.entries(of: output)) ?? []
        return names.compactMap(CheckpointName.step).filter {
            FileSystem.isDirectory("\(output)/\(CheckpointName.folder(step: $0))")
        }.sorted()
    }

    /// The same, ordered by when they were put in place: an earlier run may have left larger numbers.
    package static func stepsByAge(in output: String) -> [Int] {
        func time(_ step: Int) -> (Int, Int) {
            var status = stat()
            guard stat("\(output)/\(CheckpointName.folder(step: step))", &status) == 0 else { return (0, 0) }
            return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
        let ages = steps(in: output).map { (step: $0, time: time($0)) }
        return ages.sorted { $0.time != $1.time ? $0.time < $1.time : $0.step < $1.step }.map(\.step)
    }

    /// What a look for the newest checkpoint has found.
    package struct Search {
        /// The newest of ours whose files are all there and unchanged and that a run can go on from.
        package var found: (path: String, manifest: CheckpointManifest)?
        /// The newest whole one that holds weights alone.
        package var weightsOnly: String?
        /// Why newer ones were passed over.
        package var passedOver: [String] = []
    }

    /// - Parameter run: takes only checkpoints that this run wrote; nil takes any
    package static func newestValid(in output: String, run: String? = nil) -> Search {
        var search = Search()
        for step in steps(in: output).reversed() {
            let path = "\(output)/\(CheckpointName.folder(step: step))"
            do {
                let manifest = try CheckpointManifest.read(from: path)
                guard run == nil || manifest.run == run else { continue }
                try manifest.verify(in: path)
                if manifest.isResumable {
                    search.found = (path, manifest)
                    return search
                }
                search.weightsOnly = search.weightsOnly ?? path
                search.passedOver.append("\(CheckpointError.withoutOptimizer(path: path))")
            } catch {
                search.passedOver.append("\(error)")
            }
        }
        return search
    }

    /// Removes what processes that died left behind.
    package static func removeLeftovers(in output: OutputFolder) throws {
        for name in try output.fileNames() {
            if CheckpointName.isTemporary(name) {
                try output.root.remove(name)
            } else if AtomicFile.isLeftover(name) {
                try output.removeFile(name)
            }
        }
    }

    /// Removes checkpoints, oldest first. One that is cut short leaves nothing that looks like a checkpoint.
    package static func remove(steps: [Int], in output: OutputFolder) throws {
        for step in steps.sorted() {
            let leaving = CheckpointName.temporary(step: step, identifier: .random(in: 0 ... .max))
            do throws(SystemError) {
                try output.root.rename(CheckpointName.folder(step: step), to: leaving)
                try output.root.remove(leaving)
            } catch {
                guard error.isNotFound else { throw error }
            }
            Failpoint.checkpointPrune.pass()
        }
    }
}

import Glibc
import LinuxSystem
import ServiceAPI

/// Copies of files that came with submissions, a folder for each submission below `inputs` in the state directory.
///
/// A descriptor would end with the daemon; a copy is there for every attempt of the job, after every restart.
struct KeptInputs {
    let root: String

    init(stateDirectory: String) { root = stateDirectory + "/inputs" }

    func folder(_ name: String) -> String { root + "/" + name }

    /// Copies the files on a thread of its own, since that may take long.
    ///
    /// - Parameter completion: called on the loop's thread with the folder's name when all is on the disk
    func keep(
        _ files: PassedFiles, on loop: EventLoop,
        completion: @escaping (Result<String, any Error>) -> Void
    ) throws {
        let name = FileHash.of("\(files.paths.joined(separator: "\n"))\(getpid())\(MonotonicClock.seconds)")
        let target = folder(name)
        let sources = zip(files.paths, try files.duplicates()).map { (path: $0, number: $1) }
        do {
            let mailbox = try LoopMailbox<SystemError?>()
            try loop.register(mailbox.descriptor.number, .read) { _ in
                guard let end = mailbox.take().first else { return }
                loop.unregister(mailbox.descriptor.number)
                if let end {
                    remove(name)
                    completion(.failure(end))
                } else {
                    completion(.success(name))
                }
            }
            do {
                try DedicatedThread.start("inputs", stackSize: 1 << 20) {
                    do throws(SystemError) {
                        try Self.copy(sources, to: target)
                        mailbox.send(nil)
                    } catch {
                        mailbox.send(error)
                    }
                    for source in sources { close(source.number) }
                }
            } catch {
                loop.unregister(mailbox.descriptor.number)
                throw error
            }
        } catch {
            for source in sources { close(source.number) }
            throw error
        }
    }

    /// The same files for another job: links, for nothing is ever written into them.
    func link(_ name: String) throws(SystemError) -> String {
        let copy = FileHash.of("\(name)\(MonotonicClock.seconds)")
        try FileCopy.link(folder(name), to: folder(copy))
        return copy
    }

    func remove(_ name: String) { try? FileSystem.remove(folder(name)) }

    /// Removes what no job has: left by submissions that had no end.
    func removeAll(but names: Set<String>) {
        for name in (try? FileSystem.entries(of: root)) ?? [] where !names.contains(name) { remove(name) }
    }

    private static func copy(_ sources: [(path: String, number: Int32)], to folder: String) throws(SystemError) {
        try FileSystem.createDirectories(folder, mode: 0o700)
        let place = try OutputDirectory(path: folder)
        for (path, number) in sources {
            // Below the folder a file stands under its absolute path.
            let name = String(path.drop { $0 == "/" })
            try place.createDirectories(above: name)
            let file = try place.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            try FileCopy.copy(number, path, to: file.number)
            try file.synchronize(subject: path)
        }
        try place.synchronize()
    }
}

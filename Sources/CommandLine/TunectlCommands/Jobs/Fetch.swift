import JSONDocuments
import LinuxSystem
import ServiceAPI

extension Command {
    static let fetch = Command(
        "fetch", "write a job's output files into a folder of your own",
        positionals: [.one("JOB", .job), .one("DIR", .directory)],
        options: [.flag("force", "replace files in DIR that have other contents")],
        details: """
            For outputs of a service that runs under a user of its own. Files are written as you, below DIR and
            nowhere else; each is checked against its hash. A file that is there already with the same contents stays.
            """
    ) { invocation, context in
        let (job, directory) = (invocation.positionals[0], invocation.positionals[1])
        let client = try context.client()
        let listed = try client.call(JobFiles.self, JobReference(job: job))["files"]?.array ?? []
        let place: OutputDirectory
        do {
            place = try OutputDirectory(path: Path.resolve(directory, in: context.workingDirectory))
        } catch {
            throw CommandFailure(kind: "conflict", message: "\(error)")
        }
        var (written, bytes) = (0, 0)
        for entry in listed {
            guard let name = entry["name"]?.string else { continue }
            let download = Download(client: client, job: job, file: name)
            if try download.write(into: place, replacing: invocation.has("force")) { written += 1 }
            bytes += download.size
        }
        if context.wantsJSON {
            context.printJSON([
                "job": .string(job), "directory": .string(directory), "files": .integer(Int64(listed.count)),
                "written": .integer(Int64(written)), "bytes": .integer(Int64(bytes)),
            ])
        } else {
            context.say("\(listed.count) files, \(written) of them new -> \(directory)")
        }
        return .success
    }
}

/// One file on its way from the service into a folder.
private final class Download {
    private let client: ServiceClient
    private let job: String
    private let file: String
    private(set) var size = 0

    init(client: ServiceClient, job: String, file: String) {
        self.client = client
        self.job = job
        self.file = file
    }

    /// - Returns: whether the file was written; one with the same contents stays as it is
    func write(into place: OutputDirectory, replacing: Bool) throws -> Bool {
        do {
            try place.createDirectories(above: file)
            let output = try AtomicFile(replacing: file, in: place)
            try receive(into: output)
            let existing = try place.hash(of: file)
            if existing == (try output.hash()) { return false }
            guard existing == nil || replacing else {
                throw CommandFailure(
                    kind: "conflict", message: "\(place.path)/\(file) exists with other contents",
                    hint: "choose another folder, or replace it with --force")
            }
            try output.commit()
            return true
        } catch let error as SystemError {
            throw CommandFailure(kind: error.isDiskFull ? "disk_full" : "conflict", message: "\(error)")
        }
    }

    /// Writes every piece, each compared with its hash.
    private func receive(into output: AtomicFile) throws {
        var (offset, version) = (0, String?.none)
        repeat {
            let piece = try client.call(JobFetch.self, JobFetch.Parameters(job: job, file: file, offset: offset))
            guard let text = piece["data"]?.string, let bytes = Base64.decode(text),
                let total = piece["size"]?.integer, FileHash.of(bytes) == piece["hash"]?.string
            else { throw damaged("a piece of it was damaged on its way") }
            guard version == nil || version == piece["version"]?.string else { throw damaged("it changed meanwhile") }
            version = piece["version"]?.string
            size = Int(total)
            guard !bytes.isEmpty || size == offset else { throw damaged("it became shorter meanwhile") }
            try output.write(bytes)
            offset += bytes.count
        } while offset < size
    }

    private func damaged(_ reason: String) -> CommandFailure {
        CommandFailure(
            kind: "busy", message: "\(file) of job \(job) was not fetched: \(reason)", hint: "try again")
    }
}

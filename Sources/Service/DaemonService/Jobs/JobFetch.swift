import Glibc
import JobStore
import LinuxSystem
import ServiceAPI

func listJobFiles(_ call: JobCall<JobFiles>) throws -> JobFiles.Result {
    let (tree, _) = try outputTree(call.parameters.job, call.jobs)
    return JobFiles.Result(files: try tree.files().map { JobFiles.File(name: $0.name, size: $0.size) })
}

func fetchJobFile(_ call: JobCall<JobFetch>) throws -> JobFetch.Result {
    let parameters = call.parameters
    let (tree, job) = try outputTree(parameters.job, call.jobs)
    let file = try outputFile(parameters.file, in: tree, job: job)
    let status = try file.status()
    let limit = max(1, min(parameters.limit ?? JobFetch.mostBytes, JobFetch.mostBytes))
    let bytes = try file.readAll(at: max(0, parameters.offset ?? 0), limit: limit, subject: parameters.file)
    return JobFetch.Result(
        data: Base64.encode(bytes), hash: FileHash.of(bytes), size: Int(status.st_size),
        version: "\(status.st_ino)-\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)-\(status.st_size)")
}

private func outputTree(_ id: String, _ jobs: JobTable) throws -> (FileTree, job: String) {
    let stored = try jobs.store.job(id)
    guard FileSystem.isDirectory(stored.outputPath) else {
        throw ServiceError(.notFound, "job \(id) has written nothing yet", hint: "`tunectl show \(id)`", job: id)
    }
    do throws(SystemError) {
        return (try FileTree(path: stored.outputPath), id)
    } catch {
        // Whoever owns a folder above could have put a link in the place that was judged at the submission.
        guard error.code == ELOOP else { throw error }
        throw ServiceError(
            .permission, "\(stored.outputPath), where job \(id) wrote, has become a link",
            hint: "what it leads to is not the job's output", job: id)
    }
}

private func outputFile(_ name: String, in tree: FileTree, job: String) throws -> FileDescriptor {
    do {
        return try tree.open(name)
    } catch {
        throw ServiceError(
            error.isPermission ? .permission : .notFound, "job \(job) has no output file \"\(name)\": \(error)",
            hint: "job.files lists them; links and what lies outside the output folder are not served", job: job,
            field: "file")
    }
}

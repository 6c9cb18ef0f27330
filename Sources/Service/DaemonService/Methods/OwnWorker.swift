import JSONDocuments
import JSONRPC
import LinuxSystem
import RunConfiguration
import ServiceAPI

/// Requests that a worker of their own answers: it belongs to no model, is not listed, reads what the caller may, and
/// ends with its request, however that ends.
extension MethodCall {
    /// Goes on with what a worker may read for the caller, once the folders that a configuration names are judged. Who
    /// may read everything waits for nobody.
    func withReadingRights(
        for configuration: RunConfiguration? = nil, in directory: String? = nil,
        then: @escaping (ReadingRights?) throws -> Void
    ) throws {
        if caller.isAdministrator { return try then(nil) }
        ask(
            { [caller] jobs in
                if let configuration { try caller.requireReading(configuration, in: directory, jobs) }
                return try caller.readingRights(jobs)
            }, then: then)
    }

    /// Has a worker answer; files that came with the request are copied for it, and the copies go with it.
    ///
    /// - Parameters:
    ///   - name: of the worker's log
    ///   - rights: what it may read
    ///   - paths: what the first descriptors of the request are; the others are passed on
    func answerByOwnWorker(
        _ name: String, _ method: String, _ parameters: some Encodable, _ rights: ReadingRights?,
        copying paths: [String]?
    ) throws {
        let parameters = try JSONValue(encoding: parameters)
        let files = try PassedFiles(paths ?? [], from: request)
        if files.isEmpty { return try start(name, method, parameters, rights) }
        let inputs = daemon.inputs
        try inputs.keep(files, on: daemon.loop) { result in
            do {
                let folder = try result.get()
                do {
                    try start(name, method, parameters, rights, inputs: folder)
                } catch {
                    inputs.remove(folder)
                    throw error
                }
            } catch {
                fail(error)
            }
        }
    }

    /// Has a worker answer that gets the descriptors of `files` themselves.
    func answerByOwnWorker(
        _ name: String, _ method: String, _ parameters: some Encodable, _ rights: ReadingRights?,
        passing files: PassedFiles
    ) throws {
        try start(name, method, JSONValue(encoding: parameters), rights, passing: files.duplicates)
    }

    private func start(
        _ name: String, _ method: String, _ parameters: JSONValue, _ rights: ReadingRights?, inputs: String? = nil,
        passing descriptors: () throws -> [Int32] = { [] }
    ) throws {
        if request.isCancelled { throw ServiceError.cancelledByClient }
        let (request, kept) = (request, daemon.inputs)
        let worker = try daemon.models.oneShot(name, rights, inputs: inputs.map(kept.folder))
        worker.onEnd = { if let inputs { kept.remove(inputs) } }
        do {
            let descriptors = try descriptors()
            _ = worker.call(
                method, parameters, passing: request.takeDescriptors() + descriptors,
                progress: { request.notify("$/progress", ["request": request.id.value, "value": $0]) },
                completion: { result in
                    worker.kill()
                    switch result {
                    case .success(let value): request.succeed(value)
                    case .failure(let error): request.fail(error.rpcError)
                    }
                })
        } catch {
            worker.kill()
            throw error
        }
        request.onCancel = { worker.kill(reason: .cancelledByClient) }
    }
}

extension ServiceError {
    fileprivate static let cancelledByClient = ServiceError(.cancelled, "the request was cancelled")
}

import JSONRPC
import ServiceAPI

/// Copies the files that came with a request for a worker of its own, which `body` starts; the copies go with it.
///
/// - Parameter body: gets the folder of the copies, nil when no files came; its errors answer the request
func withInputs<Method: ServiceMethod>(
    _ paths: [String]?, _ call: MethodCall<Method>, _ body: @escaping (String?) throws -> Resident
) throws {
    let files = try PassedFiles(paths ?? [], from: call.request)
    guard !files.isEmpty else {
        _ = try body(nil)
        return
    }
    let inputs = call.daemon.jobs.inputs
    try inputs.keep(files, on: call.daemon.loop) { result in
        do {
            let name = try result.get()
            do {
                try body(inputs.folder(name)).onEnd = { inputs.remove(name) }
            } catch {
                inputs.remove(name)
                throw error
            }
        } catch {
            call.fail(error)
        }
    }
}

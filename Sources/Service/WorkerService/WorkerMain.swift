import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI
import Tensors

/// The whole program `finetuned-worker`: serves the daemon over the socket whose number `--daemon-fd` gives.
///
/// - Returns: the exit status; 0 after the daemon has closed the connection in peace, 2 for wrong arguments
public func runWorker() -> Int32 {
    StandardDescriptors.reserve()
    if CommandLine.arguments.dropFirst() == ["--version"] {
        return StandardDescriptors.answer("finetuned-worker \(productVersion)\n", of: "finetuned-worker")
    }
    guard let number = daemonDescriptor(CommandLine.arguments) else {
        WorkerLog.write("finetuned-worker is started by finetuned: expected --daemon-fd NUMBER", to: STDERR_FILENO)
        return 2
    }
    endWithParent()
    ReadingRights(arguments: CommandLine.arguments)?.use()
    WritingPlaces.use(arguments: CommandLine.arguments)
    SubstituteFiles.use(arguments: CommandLine.arguments)
    signal(SIGPIPE, SIG_IGN)
    // The daemon has done it already unless the worker was started by hand.
    OpenBLASEnvironment.complete()
    // Before there are threads; a run that would use them says why it cannot.
    MatrixTiles.request()
    do {
        let loop = try EventLoop()
        let training = try TrainingJobService(loop: loop)
        let models = try ModelService(loop: loop)
        var limits = RPCLimits()
        limits.inFlight = 1024
        let peer = try RPCPeer(FileDescriptor(owning: number), loop: loop, limits: limits)
        training.notify = { [weak peer] method, parameters in peer?.notify(method, parameters) }
        models.notify = { [weak peer] method, parameters in peer?.notify(method, parameters) }
        peer.onRequest = { request in
            if training.accept(request) || models.accept(request) { return }
            request.fail(.methodNotFound(request.method))
        }
        peer.onNotification = { method, parameters in
            if method == WorkerReading.name {
                changeReading(parameters)
            } else {
                training.heard(method, parameters)
            }
        }
        // Nobody is left to report to. Ending at once, also in the middle of an update, keeps a daemon that comes
        // back from finding two workers in one output directory.
        peer.onClose = { _ in _exit(0) }
        try loop.run()
        return 0
    } catch {
        WorkerLog.write("finetuned-worker: \(error)", to: STDERR_FILENO)
        return 70
    }
}

private func changeReading(_ parameters: JSONValue?) {
    guard let folders = try? parameters?.decoded(as: WorkerReading.self) else { return }
    ReadingRights.change(closed: folders.closed, open: folders.open)
}

private func daemonDescriptor(_ arguments: [String]) -> Int32? {
    guard let position = arguments.firstIndex(of: "--daemon-fd"), position + 1 < arguments.count,
        let number = Int32(arguments[position + 1]), number >= 0, fcntl(number, F_GETFD) >= 0
    else { return nil }
    return number
}

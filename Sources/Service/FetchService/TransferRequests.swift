import HubTransfer
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI

/// Carries requests out, each on a thread of its own, and tells how far they are.
final class TransferRequests {
    private let loop: EventLoop
    /// Serves others than the user that it runs as.
    private let isService: Bool
    private let finished: LoopMailbox<Finished>
    private var running: [Int: Running] = [:]
    private var nextNumber = 0

    /// Seconds between two words on the progress.
    private static let interval = 0.2

    private struct Finished: Sendable {
        let number: Int
        let outcome: Result<JSONValue, ServiceError>
    }

    private struct Running {
        let request: IncomingRequest
        let progress: TransferProgress
        var told: TransferProgress.State?
    }

    init(loop: EventLoop, isService: Bool) throws {
        self.loop = loop
        self.isService = isService
        finished = try LoopMailbox()
        try loop.register(finished.descriptor.number, .read) { [weak self] _ in self?.answer() }
        loop.every(Self.interval) { [weak self] in self?.tellProgress() }
    }

    func accept(_ request: IncomingRequest) {
        do {
            let cancellation = try Cancellation()
            let progress = TransferProgress()
            let work = try Transfer(request, isService: isService, cancellation)
            let number = nextNumber
            nextNumber += 1
            request.onCancel = { cancellation.cancel() }
            running[number] = Running(request: request, progress: progress)
            try DedicatedThread.start("transfer", stackSize: 2 << 20) { [finished] in
                finished.send(Finished(number: number, outcome: work.run(progress)))
            }
        } catch {
            request.fail(ServiceError(ofTransfer: error).rpcError)
        }
    }

    private func answer() {
        for message in finished.take() {
            guard let entry = running.removeValue(forKey: message.number) else { continue }
            switch message.outcome {
            case .success(let result): entry.request.succeed(result)
            case .failure(let error): entry.request.fail(error.rpcError)
            }
        }
    }

    private func tellProgress() {
        for (number, entry) in running {
            let state = entry.progress.state
            // A client that does not read is not told more.
            guard state != entry.told, !entry.request.isCongested else { continue }
            running[number]?.told = state
            let value = HubProgress(
                phase: state.phase.rawValue, files: state.files, filesDone: state.filesDone, bytes: state.bytes,
                bytesDone: state.bytesDone, file: state.file)
            guard let value = try? JSONValue(encoding: value) else { continue }
            entry.request.notify("$/progress", ["request": entry.request.id.value, "value": value])
        }
    }
}

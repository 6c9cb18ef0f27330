// A worker that trains nothing and takes a millisecond for a step, for tests of the queue. The "model" says what it
// does: `quick` goes to its end, `crash` dies after half of its steps, `hopeless` fails with bad_data, `hog` takes a
// mebibyte with each step; `Misbehaviour` has what any request may end in.

import Glibc
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI

final class ScriptedRun {
    let peer: RPCPeer
    let loop: EventLoop
    var request: IncomingRequest?
    var output = ""
    var model = "quick"
    var step = 0
    var steps = 10
    var attempt = 1
    var isStopping = false
    var saves: [IncomingRequest] = []
    var hoard: [[UInt8]] = []

    init(peer: RPCPeer, loop: EventLoop) {
        self.peer = peer
        self.loop = loop
    }

    func start(_ request: IncomingRequest) throws {
        let parameters = try (request.parameters ?? [:]).decoded(as: WorkerTrain.Parameters.self)
        self.request = request
        attempt = parameters.attempt
        var resumed: String?
        let text = parameters.config.text ?? ""
        let object = parameters.config.object ?? [:]
        var given: [(String, String)] = object.map { ($0.key, $0.value.string ?? $0.value.serialized(.compact)) }
        for line in text.split(separator: "\n") + parameters.overrides.map({ $0[...] }) {
            guard let end = line.firstIndex(where: { $0 == ":" || $0 == "=" }) else { continue }
            given.append((String(line[..<end]), String(line[line.index(after: end)...].drop { $0 == " " })))
        }
        for (name, written) in given {
            let value = written.hasPrefix("\"") ? String(written.dropFirst().dropLast()) : written
            switch name {
            case "output_dir": output = Path.resolve(value, in: parameters.workingDirectory ?? "/")
            case "model_name_or_path": model = value
            case "max_steps": steps = Int(value) ?? steps
            case "resume_from_checkpoint": resumed = value
            default: break
            }
        }
        try FileSystem.createDirectories(output)
        let own = ((try? FileSystem.entries(of: output)) ?? []).compactMap {
            $0.hasPrefix("checkpoint-") ? Int($0.dropFirst(11)) : nil
        }.max()
        if attempt > 1, let own {
            step = own
        } else if let resumed {
            step = Int(resumed.split(separator: "-").last ?? "0") ?? 0
        }
        print("attempt \(attempt) from step \(step)")
        print("overrides \(parameters.overrides.joined(separator: " ")); keep below \(parameters.keepBelowBytes ?? 0)")
        fflush(nil)
        tell(.phase, ["phase": "training"])
        next()
    }

    func next() {
        loop.after(0.001) { [self] in
            guard let request else { return }
            if isStopping {
                save()
                request.succeed(["outcome": "stopped", "metrics": [:]])
                return
            }
            step += 1
            tell(
                .progress,
                [
                    "step": .integer(Int64(step)), "total_steps": .integer(Int64(steps)),
                    "loss": .number(1 / Double(step)), "remaining": .number(0.001 * Double(steps - step)),
                ])
            if step % 20 == 0 || !saves.isEmpty { save() }
            if model == "crash", step >= steps / 2 { kill(getpid(), SIGKILL) }
            if model == "hog" { hoard.append([UInt8](repeating: 1, count: 1 << 20)) }
            if model == "hopeless" {
                request.fail(ServiceError(.badData, "row 1 cannot be used").rpcError)
                return
            }
            if step >= steps {
                request.succeed(["outcome": "finished", "metrics": ["train_loss": 0.5]])
                return
            }
            next()
        }
    }

    /// An empty folder with a manifest, put in place as a real one is.
    func save() {
        let path = "\(output)/checkpoint-\(step)"
        try? FileSystem.createDirectories(path + ".tmp-1")
        try? AtomicFile.write("{}", to: path + ".tmp-1/MANIFEST.json")
        if FileSystem.kind(of: path) == nil {
            rename(path + ".tmp-1", path)
        } else {
            try? FileSystem.remove(path + ".tmp-1")
        }
        tell(.checkpoint, ["step": .integer(Int64(step)), "path": .string(path)])
        for request in saves { request.succeed(["step": .integer(Int64(step)), "path": .string(path)]) }
        saves = []
    }

    /// Requests that wait for an answer.
    var unanswered: [IncomingRequest] = []

    func misbehave(_ way: Misbehaviour, _ request: IncomingRequest) {
        let error = ServiceError(.badData, "row 1 cannot be used").rpcError
        switch way {
        case .fails: request.fail(error)
        case .dies: kill(getpid(), SIGKILL)
        case .hangs: unanswered.append(request)
        case .waits:
            unanswered.append(request)
            request.onCancel = { request.fail(ServiceError(.cancelled, "the request was cancelled").rpcError) }
        case .deaf:
            peer.onClose = { _ in }
            peer.close()
        case .lingers:
            peer.onClose = { _ in }
            request.fail(error)
        }
    }

    func tell(_ kind: JobEvent.Kind, _ fields: JSONObject) {
        guard let event = try? JSONValue(encoding: WorkerEvent(kind: kind, fields: fields)) else { return }
        peer.notify(WorkerEvent.name, event)
    }
}

/// `huge` needs a tebibyte and would fit otherwise, `large` half of the budget and a little more, `planless` has no plan;
/// others need next to nothing.
func plan(_ request: IncomingRequest) throws {
    let parameters = try (request.parameters ?? [:]).decoded(as: WorkerPlan.Parameters.self)
    let text =
        parameters.config.text ?? parameters.config.object.map { JSONValue.object($0).serialized(.compact) } ?? ""
    let bytes = text.contains("huge") ? 1 << 40 : text.contains("large") ? (parameters.budget ?? 0) * 3 / 5 : 1 << 20
    if text.contains("planless") { _exit(1) }
    var plan = MemoryPlan(
        parts: [.init("activations", bytes)], peakAnonymousBytes: bytes, mappedWeightBytes: 0, peakResidentBytes: bytes,
        trainableParameters: 1, parameters: 1, longestItem: 1, largestBatchTokens: 1, threads: 1, totalSteps: 1,
        tokensPerStep: 1, secondsPerStep: 0.001, totalSeconds: 0.001,
        speed: .init(operations: 1e9, bytes: 1e9, secondsPerCall: 1e-6), matmulPrecision: "highest",
        recomputedShare: 1, keepBelowBytes: parameters.share)
    plan.budgetBytes = parameters.budget
    if !plan.fits { plan.alternative = .init(overrides: ["cutoff_len=64"], peakAnonymousBytes: 5 << 20) }
    request.succeed(try JSONValue(encoding: plan))
}

/// Ways in which a worker goes wrong; the word `way-` and one of them may stand anywhere in a request's parameters.
enum Misbehaviour: String, CaseIterable {
    /// Answers with an error.
    case fails
    /// Ends before it answers.
    case dies
    /// Never answers, whatever it is told.
    case hangs
    /// Answers when it is cancelled.
    case waits
    /// Ends the connection and goes on.
    case deaf
    /// Answers with an error, and goes on when its connection has ended.
    case lingers

    init?(_ request: IncomingRequest) {
        guard let text = request.parameters?.serialized(.compact),
            let way = Self.allCases.first(where: { text.contains("way-\($0.rawValue)") })
        else { return nil }
        self = way
    }
}

endWithParent()
signal(SIGPIPE, SIG_IGN)
let loop = try EventLoop()
let peer = try RPCPeer(FileDescriptor(owning: 3), loop: loop)
let run = ScriptedRun(peer: peer, loop: loop)
peer.onRequest = { request in
    do {
        if let way = Misbehaviour(request) { return run.misbehave(way, request) }
        switch request.method {
        case WorkerMethod.info:
            let info = WorkerInfo(openBLASCoreName: nil, kernels: "none", threads: 1, weightsLoaded: false)
            request.succeed(try JSONValue(encoding: info))
        case WorkerCheckpoint.name: run.saves.append(request)
        case WorkerPlan.name: try plan(request)
        default: try run.start(request)
        }
    } catch {
        request.fail(ServiceError(.internalError, "\(error)").rpcError)
    }
}
peer.onNotification = { method, _ in if method == WorkerStop.name { run.isStopping = true } }
peer.onClose = { _ in _exit(0) }
try loop.run()

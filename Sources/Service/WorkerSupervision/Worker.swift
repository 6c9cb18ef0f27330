import Glibc
package import JSONDocuments
package import JSONRPC
package import LinuxSystem
package import ServiceAPI

/// A worker process and the connection to it.
package final class Worker {
    /// Calls and notifications; closed when the process has ended.
    package let peer: RPCPeer
    package var process: Int32 { child.process }
    /// Called once when the process has ended and what it sent has been read.
    package var onExit: (ServiceError) -> Void = { _ in }

    /// Whether it takes no more requests: its process or its connection has ended.
    package var isEnding: Bool { hasExited || peerClosed }

    private let child: ChildProcess
    private let loop: EventLoop
    private let logPath: String
    private var hasExited = false
    private var peerClosed = false
    private var stopTimers: [EventLoop.TimerToken] = []
    private var isWatchingMemory = false
    private let memory: WorkerMemory
    /// Most bytes of memory of its own that it was seen to hold.
    package private(set) var peakAnonymous = 0
    private var isOverMemory = false
    /// How often the kernel had ended a process for want of memory when the worker was looked at last.
    private var machineKills = MachineMemory.outOfMemoryKills

    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - logPath: where its standard output and error are appended.
    ///   - memory: what it may hold; a worker above is ended with kind `oom`.
    package init(
        _ program: WorkerProgram, arguments: [String] = [], logPath: String, memory: WorkerMemory, loop: EventLoop
    ) throws(SystemError) {
        let log = try FileDescriptor.open(logPath, O_WRONLY | O_CREAT | O_APPEND)
        let (ours, theirs) = try UnixSocket.pair()
        let theirEnd = FileDescriptor(owning: theirs)
        let ourEnd = FileDescriptor(owning: ours)
        child = try ChildProcess(
            program: program.path, arguments: ["--daemon-fd", String(WorkerProgram.socketNumber)] + arguments,
            environment: program.environment,
            descriptors: [1: log.number, 2: log.number, WorkerProgram.socketNumber: theirEnd.number])
        self.loop = loop
        self.logPath = logPath
        self.memory = memory
        var limits = RPCLimits()
        limits.inFlight = 1024
        peer = try RPCPeer(ourEnd, loop: loop, limits: limits)
        Self.preferForOutOfMemory(child.process)
        // It waits for its first request, so all that counts is charged to the group.
        try memory.group?.add(child.process)
        peer.onClose = { [weak self] _ in self?.connectionEnded() }
        try loop.register(child.pidfd.number, .read) { [weak self] _ in self?.reap() }
    }

    deinit { loop.unregister(child.pidfd.number) }

    /// Sends a request, as `RPCPeer.call` does. Until all are answered the worker's memory is watched; one that has
    /// nothing to do costs nothing.
    @discardableResult
    package func call(
        _ method: String, _ parameters: JSONValue?, passing descriptors: [Int32] = [],
        completion: @escaping (Result<JSONValue, RPCError>) -> Void
    ) -> Int64 {
        watchMemory()
        return peer.call(method, parameters, passing: descriptors, completion: completion)
    }

    /// Asks for an end in steps: the worker's own stop, SIGTERM, SIGKILL.
    package func stop(reason: String, gracePeriod: Double) {
        if let stop = try? JSONValue(encoding: WorkerStop(reason: reason)) {
            peer.notify(WorkerStop.name, stop)
        }
        stopTimers.append(loop.after(gracePeriod) { [weak self] in self?.child.signal(SIGTERM) })
        stopTimers.append(loop.after(gracePeriod + 5) { [weak self] in self?.child.signal(SIGKILL) })
    }

    /// Ends the process at once.
    package func kill() { child.signal(SIGKILL) }

    /// How long a process may take to end by itself after its connection has, so that it can say how.
    private static let patience = 1.0

    private func connectionEnded() {
        peerClosed = true
        // Nobody hears it any more, whatever it is doing.
        loop.after(Self.patience) { [weak self] in self?.child.signal(SIGKILL) }
        reportExit()
    }

    private func reap() {
        guard child.poll() != nil else { return }
        hasExited = true
        loop.unregister(child.pidfd.number)
        stopTimers.forEach(loop.cancel)
        // Its socket may still hold answers; the end of the stream follows them. A grandchild could keep it open.
        loop.after(1) { [weak self] in if self?.peerClosed == false { self?.peer.close() } }
        reportExit()
    }

    private func reportExit() {
        guard hasExited, peerClosed, let exit = child.poll() else { return }
        let report = onExit
        onExit = { _ in }
        report(reason(of: exit))
    }

    private func reason(of exit: ChildProcess.Exit) -> ServiceError {
        let held = WorkerMemory.text(peakAnonymous) + " of its own"
        if isOverMemory || memory.group?.ranOutOfMemory == true {
            let limit = memory.limit.map { ", \(WorkerMemory.text($0)) are allowed" } ?? ""
            return ServiceError(
                .outOfMemory, "the worker held \(held)\(limit)\(memory.plan); it was ended",
                hint: "use a smaller per_device_train_batch_size or cutoff_len, or raise \(memory.setting)")
        }
        // Others may have taken the memory, so it is worth another try.
        if exit == .signal(SIGKILL), MachineMemory.outOfMemoryKills > machineKills {
            return ServiceError(
                .workerCrashed,
                "the kernel ended the worker because the machine ran out of memory; it held \(held)\(memory.plan)",
                hint: "lower limits.memory to what other programs leave, or see what else takes memory")
        }
        let lines = lastLogLines()
        let said = lines.isEmpty ? "" : "; its last words: \(lines)"
        return ServiceError(.workerCrashed, "the worker ended with \(exit)\(said)")
    }

    private func lastLogLines() -> String {
        guard let bytes = try? MappedFile.contents(of: logPath) else { return "" }
        return String(decoding: bytes.suffix(2000), as: UTF8.self).split(separator: "\n").suffix(3)
            .joined(separator: " | ")
    }

    /// Bytes of memory of its own that it holds now, which `peakAnonymous` takes in.
    @discardableResult
    package func measureMemory() -> Int {
        let usage = MemoryUsage(process: process)?.anonymous ?? 0
        peakAnonymous = max(peakAnonymous, usage)
        return usage
    }

    private func watchMemory() {
        if isWatchingMemory { return }
        isWatchingMemory = true
        loop.after(0.5) { [weak self] in
            guard let self, !self.hasExited else { return }
            self.isWatchingMemory = false
            self.machineKills = MachineMemory.outOfMemoryKills
            let usage = self.measureMemory()
            if let limit = self.memory.limit, usage > limit {
                self.isOverMemory = true
                self.child.signal(SIGKILL)
            } else if self.peer.awaitsAnswers {
                self.watchMemory()
            }
        }
    }

    /// When the machine runs out of memory, the kernel should take a worker and not the daemon.
    private static func preferForOutOfMemory(_ process: Int32) {
        guard let file = try? FileDescriptor.open("/proc/\(process)/oom_score_adj", O_WRONLY) else { return }
        try? file.writeAll("500")
    }
}

import Glibc
import JSONRPC
import LinuxSystem
import ServiceAPI

/// The whole program `finetuned-fetch`: serves one client over the socket that is its standard input.
///
/// It is started by `tunectl`, with that user's rights and variables, or by systemd for the system service
/// (`--service`), as the only part of it with a network.
///
/// - Returns: the exit status; 0 after the client has left, 2 for wrong arguments
public func runFetch() -> Int32 {
    StandardDescriptors.reserve()
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments == ["--version"] {
        return StandardDescriptors.answer("finetuned-fetch \(productVersion)\n", of: "finetuned-fetch")
    }
    var status = stat()
    guard arguments.allSatisfy({ $0 == "--service" }), fstat(STDIN_FILENO, &status) == 0,
        status.st_mode & S_IFMT == S_IFSOCK
    else {
        tell("finetuned-fetch is started by tunectl or by systemd, with a socket as its standard input")
        return 2
    }
    signal(SIGPIPE, SIG_IGN)
    let isService = !arguments.isEmpty
    do {
        let loop = try EventLoop()
        var limits = RPCLimits()
        limits.messageBytes = 1 << 20
        limits.inFlight = 4
        let peer = try RPCPeer(FileDescriptor(owning: STDIN_FILENO).duplicated(), loop: loop, limits: limits)
        let requests = try TransferRequests(loop: loop, isService: isService)
        peer.onRequest = { request in requests.accept(request) }
        // What was transferred is kept, and whoever asks next goes on from there.
        peer.onClose = { _ in _exit(0) }
        try loop.run()
        return 0
    } catch {
        tell("finetuned-fetch: \(error)")
        return 70
    }
}

private func tell(_ line: String) { try? StandardDescriptors.write(line + "\n", to: STDERR_FILENO) }

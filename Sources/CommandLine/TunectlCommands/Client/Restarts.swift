import LinuxSystem

extension CommandContext {
    /// Seconds that a daemon which went away is waited for.
    private static let patience = 60.0

    /// Makes a request that can be made again where it was cut off, and does so when the daemon was away for a while.
    ///
    /// - Throws: what `body` throws otherwise, `CommandFailure` of kind `unreachable` when the daemon stays away
    func acrossRestarts<Result>(_ body: () throws -> Result) throws -> Result {
        while true {
            // Without an answer at first there is nothing that could have been cut off.
            _ = try client()
            do {
                return try body()
            } catch let failure as CommandFailure where failure.kind == "unreachable" {
                disconnect()
                say("the daemon has closed the connection; waiting until it is there again")
                try waitForDaemon()
            }
        }
    }

    private func waitForDaemon() throws {
        let deadline = MonotonicClock.seconds + Self.patience
        while true {
            do {
                _ = try client()
                return
            } catch let failure as CommandFailure where failure.kind == "unreachable" {
                guard MonotonicClock.seconds < deadline else {
                    throw CommandFailure(
                        kind: "unreachable", message: failure.message,
                        hint: "start the daemon again: it goes on with its jobs")
                }
                try pause(0.2)
            }
        }
    }
}

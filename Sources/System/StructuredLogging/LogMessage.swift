/// A message of the service that programs may look for in the journal: `journalctl MESSAGE_ID=...`.
///
/// The identifiers never change. systemd/finetuned.catalog has the explanations for `journalctl -x`.
package struct LogMessage: Sendable {
    /// 128 bits as the journal writes them.
    package let identifier: StaticString
    package let level: Logger.Level
    package let text: StaticString
    package let explanation: StaticString

    package static let daemonReady = LogMessage(
        identifier: "3f0e6c1d9a7b4e52a8c4d1f60b92e7a1", level: .notice, text: "the service accepts requests",
        explanation: "The job store is recovered and the socket @FT_SOCKET@ is open.")
    package static let daemonStopping = LogMessage(
        identifier: "8b52d0a47c3f4d1e9f60a1c7e3b8d514", level: .notice, text: "the service is stopping",
        explanation: "Running jobs write a checkpoint and go on at the next start.")
    package static let daemonFailed = LogMessage(
        identifier: "c91e4a7f20d84b6ab3f57d08e1c6942b", level: .error, text: "the service cannot run",
        explanation: "Reason: @FT_REASON@. It ends, and systemd starts it again if its unit says so.")
    package static let internalFault = LogMessage(
        identifier: "5d7a3b9e14c04f828e6b0c2f9a71d3e8", level: .error, text: "a part of the service does not move",
        explanation: """
            Parts: @FT_PARTS@, reason: @FT_REASON@. The watchdog is not told that the service is well; when it stays
            so, systemd ends and restarts the service. Jobs go on from their last checkpoints.
            """)
    package static let settingsReloaded = LogMessage(
        identifier: "e2c60f8b5a914d37916d4fb7038a2c5e", level: .notice, text: "the settings were read again",
        explanation: "They come from @FT_FILES@ and hold from now on; running jobs are not touched.")
    package static let settingsRefused = LogMessage(
        identifier: "1a94c7e05f3b4682bd0e8a67f2d5193c", level: .error, text: "the settings could not be read again",
        explanation: "@FT_REASON@. The settings that were in force stay so. Correct the file and reload once more.")
    package static let jobQueued = LogMessage(
        identifier: "a60b3d8e27f14c95832d9e1f5c07b46a", level: .info, text: "a job waits in the queue",
        explanation: "Job @FT_JOB_ID@ of user @FT_USER@.")
    package static let jobStarted = LogMessage(
        identifier: "74f1e9c25d0a4b38a76c3e80b1d2f594", level: .info, text: "a job runs",
        explanation: "Job @FT_JOB_ID@ of user @FT_USER@, attempt @FT_ATTEMPT@.")
    package static let jobSucceeded = LogMessage(
        identifier: "d83c5a0f9e614721b5f2076d8c4be193", level: .info, text: "a job succeeded",
        explanation: "Job @FT_JOB_ID@ of user @FT_USER@ is complete.")
    package static let jobFailed = LogMessage(
        identifier: "09e7b4d6c3a84f5f92d1507ea8f6c23b", level: .warning, text: "a job failed",
        explanation: """
            Job @FT_JOB_ID@ of user @FT_USER@ ended with an error of kind @FT_KIND@. Its owner sees the whole error
            with `tunectl show @FT_JOB_ID@` and the output with `tunectl logs @FT_JOB_ID@`.
            """)
    package static let jobRetried = LogMessage(
        identifier: "b7d2f05e8c194a6398e4c1d76f0a53b2", level: .warning, text: "a job will be tried again",
        explanation: "Job @FT_JOB_ID@ of user @FT_USER@ goes on from its last checkpoint.")
    package static let jobCancelled = LogMessage(
        identifier: "46a8e1c3907d4b5fae825f0dc9b3716e", level: .info, text: "a job was cancelled",
        explanation: "Job @FT_JOB_ID@ of user @FT_USER@. What it had written stays.")
    package static let jobPaused = LogMessage(
        identifier: "f5c09b6e3d284a178be6d4a1207c98f3", level: .info, text: "a job is paused",
        explanation: "Job @FT_JOB_ID@ of user @FT_USER@ keeps its checkpoint and waits to be resumed.")
    package static let accessDenied = LogMessage(
        identifier: "2c7f8ad1e6504b93a1f06b5e8d39c472", level: .notice, text: "a request was denied",
        explanation: "User @FT_USER@ asked for @FT_METHOD@ and may not.")

    package static let all: [LogMessage] = [
        daemonReady, daemonStopping, daemonFailed, internalFault, settingsReloaded, settingsRefused, jobQueued,
        jobStarted, jobSucceeded, jobFailed, jobRetried, jobCancelled, jobPaused, accessDenied,
    ]

    /// The catalogue's text (https://systemd.io/CATALOG), kept as systemd/finetuned.catalog.
    package static var catalogue: String {
        all.map { message in
            """
            -- \(message.identifier)
            Subject: \("\(message.text)".prefix(1).uppercased() + "\(message.text)".dropFirst())
            Defined-By: finetuned
            Support: man:finetuned(8)

            \(message.explanation)

            """
        }.joined(separator: "\n")
    }
}

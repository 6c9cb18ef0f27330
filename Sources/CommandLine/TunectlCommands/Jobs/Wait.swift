import JSONDocuments
import LinuxSystem
import ServiceAPI

extension Command {
    static let wait = Command(
        "wait", "wait until jobs have ended", positionals: [.several("JOB", .job)],
        options: [.value("timeout", "SECONDS", "give up after this time with exit code 124")],
        details: """
            The exit code is the job's as in run: 0 succeeded, 1 failed, 3 cancelled; of several jobs the largest.
            A paused job is waited for. Ctrl-C ends the waiting; the jobs go on.
            """
    ) { invocation, context in
        let seconds = try invocation.value("timeout").map { text in
            guard let number = Double(text), number >= 0 else {
                throw CommandFailure.usage("--timeout takes a number of seconds")
            }
            return number
        }
        let start = MonotonicClock.seconds
        let result = try context.acrossRestarts {
            let left = seconds.map { max(0, $0 - (MonotonicClock.seconds - start)) }
            return try context.client().call(
                JobWait.self, JobWait.Parameters(jobs: invocation.positionals, timeout: left))
        }
        let rows = (result["jobs"]?.array ?? []).map(JobRow.init)
        if context.wantsJSON {
            context.list(rows)
        } else {
            for row in rows { context.say("job \(row.id): \(row.stateText)") }
        }
        return rows.map { ExitCode(finishedJob: $0.value) }.max() ?? .success
    }
}

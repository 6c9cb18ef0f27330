import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let watch = Command(
        "watch", "follow a job until it ends", positionals: [.optional("JOB", .job)],
        options: [.flag("events", "print every event as one line of JSON")],
        details: """
            Without JOB, the one that started last. On a terminal: progress, loss, tokens per second and time left
            in one line; elsewhere plain lines. Ctrl-C detaches; the job goes on. The exit code is the job's.
            """
    ) { invocation, context in
        let id = try invocation.positionals.first ?? newestJob(context)
        return try watchJob(id, context, streamsEvents: invocation.has("events"))
    }

    private static func newestJob(_ context: CommandContext) throws -> String {
        let jobs = try Jobs.fetch(context)
        let active = jobs.first { $0.state == "running" } ?? jobs.last { $0.state == "queued" } ?? jobs.first
        guard let job = active else {
            throw CommandFailure(kind: "not_found", message: "there is no job to watch")
        }
        return job.id
    }

    /// Follows a job to its end and tells how it went.
    ///
    /// - Parameter cancelsOnInterrupt: whether the first Ctrl-C cancels the job, whose end is then waited for, instead of
    ///   detaching; the second one always detaches.
    static func watchJob(
        _ id: String, _ context: CommandContext, streamsEvents: Bool, cancelsOnInterrupt: Bool = false
    ) throws -> ExitCode {
        let display = WatchDisplay(context, isSilent: context.wantsJSON || context.isQuiet || streamsEvents)
        var watched = WatchedJob(id: id)
        var seen: Int64 = 0
        func follow() throws -> JSONValue {
            try context.acrossRestarts {
                try context.client().call(JobWatch.self, JobWatch.Parameters(job: id, since: seen)) { notification in
                    if streamsEvents { context.output.write(notification.params.serialized(.compact) + "\n") }
                    if case .integer(let sequence) = notification.params["seq"] { seen = max(seen, Int64(sequence)) }
                    let lines = watched.apply(notification)
                    display.show(watched, lines: lines)
                }
            }
        }
        let job: JSONValue
        do {
            do {
                job = try follow()
            } catch let failure as CommandFailure where failure.kind == "interrupted" && cancelsOnInterrupt {
                display.finish()
                context.say("cancelling job \(id), which keeps a checkpoint; Ctrl-C again detaches")
                // The interrupted request may still be answered on the old connection.
                context.disconnect()
                _ = try context.client().call(JobCancel.self, JobReference(job: id))
                job = try follow()
            }
        } catch let failure as CommandFailure where failure.kind == "interrupted" {
            display.finish()
            context.say("detached; the job goes on. To follow it again: tunectl watch \(id)")
            return .interrupted
        }
        display.finish()
        if context.wantsJSON {
            context.printJSON(job)
        } else if !context.isQuiet, !streamsEvents {
            context.errors.write(ending(of: job, id) + "\n")
        }
        return ExitCode(finishedJob: job)
    }

    private static func ending(of job: JSONValue, _ id: String) -> String {
        let state = job["state"]?.string ?? "ended"
        guard state == "failed" else {
            return "job \(id) \(state)" + (job["output_dir"]?.string.map { " -> \($0)" } ?? "")
        }
        let error = job["error"]
        let kind = error?["kind"]?.string ?? "unknown"
        let message = error?["message"]?.string ?? error?.string ?? "no reason was recorded"
        let hint = error?["hint"]?.string.map { "\n  hint: \($0)" } ?? ""
        return "job \(id) failed: \(kind): \(message)\(hint)"
    }
}

import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let logs = Command(
        "logs", "print a job's log", positionals: [.one("JOB", .job)],
        options: [.flag("follow", short: "f", "go on as the log grows, until the job ends")],
        details: "Ctrl-C ends following; the job goes on. With --json, one object for each piece of the log."
    ) { invocation, context in
        let client = try context.client()
        let job = invocation.positionals[0]
        var offset = 0
        while true {
            let result = try client.call(JobLogs.self, JobLogs.Parameters(job: job, offset: offset))
            let text = result["text"]?.string ?? ""
            let next = result["next_offset"]?.integer.map { Int($0) } ?? offset
            if context.wantsJSON {
                context.printJSON(result)
            } else if !text.isEmpty {
                guard context.output.write(text) else { return .success }
            }
            let isComplete = result["complete"]?.bool ?? true
            // An answer that does not move on is the end of what there is now.
            if next <= offset {
                if isComplete || !invocation.has("follow") { return .success }
                try context.pause(0.5)
            }
            offset = max(offset, next)
        }
    }
}

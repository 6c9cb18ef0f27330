import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let checkpoint = Command(
        "checkpoint", "write a checkpoint of running jobs now and print its path", positionals: [.several("JOB", .job)],
        details: "The command ends when the checkpoints are complete; the jobs go on."
    ) { invocation, context in
        var worst = ExitCode.success
        let client = try context.client()
        for id in invocation.positionals {
            do {
                let checkpoint = try client.call(JobCheckpointNow.self, JobReference(job: id))
                if context.wantsJSON {
                    context.printJSON(checkpoint)
                } else {
                    context.output.write((checkpoint["path"]?.string ?? "?") + "\n")
                }
            } catch let failure as CommandFailure where failure.kind != "unreachable" && failure.kind != "interrupted" {
                context.tell(failure)
                worst = max(worst, failure.exitCode)
            }
        }
        return worst
    }
}

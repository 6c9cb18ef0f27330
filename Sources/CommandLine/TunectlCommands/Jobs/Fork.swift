import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let fork = Command(
        "fork", "start a new job from another one's checkpoint with changed parameters",
        positionals: [.one("JOB", .job)],
        options: [.value("at", "STEP", "the checkpoint's step, by default the newest")]
            + submissionOptions.filter {
                $0.name == "priority" || $0.name == "token"
            },
        takesOverrides: true,
        details: """
            The new job has the configuration and working directory of JOB; key=value arguments win over it. Without output_dir=DIR it writes
            to the directory of JOB with -at-STEP behind its name. Prints the new job's id.
            """
    ) { invocation, context in
        let step = try invocation.value("at").map { text in
            guard let number = Int(text), number >= 0 else { throw CommandFailure.usage("--at takes a step") }
            return number
        }
        let job = try context.client().call(
            JobFork.self,
            JobFork.Parameters(
                job: invocation.positionals[0], at: step, overrides: invocation.overrides,
                clientToken: submissionToken(invocation),
                priority: try submissionPriority(invocation)))
        if context.wantsJSON {
            context.printJSON(job)
        } else {
            context.output.write((job["id"]?.string ?? "?") + "\n")
            context.say("job \(job["id"]?.string ?? "?") -> \(job["output_dir"]?.string ?? "?")")
        }
        return .success
    }
}

import JSONDocuments
import TerminalOutput

extension Command {
    static let logs = Command(
        "logs", "print a job's log", positionals: [.one("JOB", .job)],
        options: [.flag("follow", short: "f", "go on as the log grows, until the job ends")],
        details: "Ctrl-C ends following; the job goes on."
    ) { invocation, context in
        let params = context.request([
            ("job", .string(invocation.positionals[0])), ("follow", .bool(invocation.has("follow"))),
        ])
        let result = try context.client().call("job.logs", params) { notification in
            print(notification.params["value"] ?? notification.params, context)
        }
        print(result, context)
        return .success
    }

    /// Prints one line, or the list of lines, that the service sent.
    private static func print(_ value: JSONValue, _ context: CommandContext) {
        if let lines = (value["lines"] ?? value).array {
            for line in lines { print(line, context) }
        } else if context.wantsJSON {
            if value.object.map({ !$0.isEmpty }) ?? !value.isNull {
                context.output.write(value.serialized(.compact) + "\n")
            }
        } else if let text = (value["line"] ?? value["message"] ?? value["text"] ?? value).string {
            context.output.write(text.hasSuffix("\n") ? text : text + "\n")
        }
    }
}

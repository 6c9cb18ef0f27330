import JSONDocuments
import TerminalOutput

extension Command {
    static let rpc = Command(
        "rpc", "call a method of the protocol directly",
        positionals: [.one("METHOD", .method), .optional("JSON", .text)],
        details: """
            JSON are the parameters (- is standard input). Prints the result; notifications go to stdout before it,
            one a line. rpc.discover describes every method.
            """
    ) { invocation, context in
        var text = invocation.positionals.count > 1 ? invocation.positionals[1] : "{}"
        if text == "-" { text = try context.input.remainingText() }
        let params: JSONValue
        do {
            params = try JSONValue(parsing: text)
        } catch {
            throw CommandFailure.usage("the parameters are not JSON: \(error)")
        }
        guard params.object != nil || params.array != nil else {
            throw CommandFailure.usage("parameters are a JSON object or array")
        }
        let result = try context.client().call(invocation.positionals[0], params) { notification in
            let line: JSONValue = ["method": .string(notification.method), "params": notification.params]
            context.output.write(line.serialized(.compact) + "\n")
        }
        context.printJSON(result)
        return .success
    }
}

import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let show = Command(
        "show", "show one job with everything known about it", positionals: [.one("JOB", .job)]
    ) { invocation, context in
        let job = try context.client().call(JobGet.self, JobReference(job: invocation.positionals[0]))
        if context.wantsJSON {
            context.printJSON(job)
        } else if context.isQuiet {
            context.output.write((job["state"]?.string ?? "?") + "\n")
        } else {
            context.output.write(KeyValueText.render(job))
        }
        return .success
    }
}

/// An object as aligned `key: value` lines.
enum KeyValueText {
    static func render(_ value: JSONValue) -> String {
        let lines = flatten(value, prefix: "")
        let width = lines.map { TextColumns.width($0.key) }.max() ?? 0
        return lines.map { line in
            let text = TextColumns.printable(line.value)
            return TextColumns.padded(line.key + ":", to: width + 1) + " " + text + "\n"
        }
        .joined()
    }

    private static func flatten(_ value: JSONValue, prefix: String) -> [(key: String, value: String)] {
        guard let object = value.object else {
            return [(prefix, value.string ?? value.serialized(.spaced))]
        }
        return object.filter { !$0.value.isNull }.flatMap { key, value in
            flatten(value, prefix: prefix.isEmpty ? key : "\(prefix).\(key)")
        }
    }
}

import JSONDocuments
import ServiceAPI

extension Command {
    static let jobs = Command(
        "jobs", aliases: ["ps"], "list jobs",
        options: [
            .value("state", "STATE", "only jobs in these states, with commas between them"),
            .value("kind", "KIND", "only jobs of these kinds, with commas between them"),
            .value("limit", "NUMBER", "at most so many, the newest; 100 without it"),
        ]
    ) { invocation, context in
        let limit = try invocation.value("limit").map { text in
            guard let number = Int(text), number >= 0 else { throw CommandFailure.usage("--limit takes a number") }
            return number
        }
        context.list(
            try Jobs.fetch(
                context, states: words(invocation, "state", JobState.self),
                kinds: words(invocation, "kind", JobKind.self),
                limit: limit))
        return .success
    }

    /// The words of an option, each a known one.
    private static func words<Word: RawRepresentable<String> & CaseIterable>(
        _ invocation: Invocation, _ option: String, _ type: Word.Type
    ) throws -> [Word]? {
        try invocation.value(option).map { text in
            try text.split(separator: ",").map { word in
                guard let known = Word(rawValue: String(word)) else {
                    throw CommandFailure.usage(
                        "there is no \(option) `\(word)`",
                        hint: "\(option)s are " + Word.allCases.map(\.rawValue).joined(separator: ", "))
                }
                return known
            }
        }
    }
}

enum Jobs {
    /// The jobs, the newest first.
    static func fetch(
        _ context: CommandContext, states: [JobState]? = nil, kinds: [JobKind]? = nil, limit: Int? = nil
    ) throws -> [JobRow] {
        let result = try context.client().call(
            JobList.self, JobList.Parameters(states: states, limit: limit, kinds: kinds))
        return (result["jobs"]?.array ?? []).map(JobRow.init)
    }
}

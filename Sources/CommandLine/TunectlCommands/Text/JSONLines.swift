import JSONDocuments
import ServiceAPI
import TerminalOutput

/// The rules of `--jsonl`: one output line for each input line, in order, at once.
enum JSONLines {
    /// A line of input may be this large; it must fit into one protocol message.
    private static let limits = JSONLimits(maximumBytes: 15 << 20, maximumDepth: 100)

    /// Answers every line of standard input; bad lines get their error in place and make the exit code 65.
    static func run(_ context: CommandContext, answer: (JSONObject) throws -> JSONValue) throws -> ExitCode {
        var worst = ExitCode.success
        while let line = try context.input.nextLine() {
            let reply: JSONValue
            do {
                reply = try answer(try object(line))
            } catch let failure as CommandFailure {
                // Without a daemon, or after Ctrl-C, no further line can be answered.
                if failure.kind == "unreachable" || failure.kind == "interrupted" { throw failure }
                let isBadLine = ["bad_data", "bad_request", "usage"].contains(failure.kind)
                worst = max(worst, isBadLine ? .badData : failure.exitCode)
                reply = [
                    "error": [
                        "kind": .string(isBadLine ? "bad_data" : failure.kind), "message": .string(failure.message),
                    ]
                ]
            }
            guard context.output.write(reply.serialized(.compact) + "\n") else { return worst }
        }
        return worst
    }

    private static func object(_ line: String) throws -> JSONObject {
        do {
            if let object = try JSONValue(parsing: line, limits: limits).object { return object }
        } catch {
            throw CommandFailure(kind: "bad_data", message: "the line is not JSON: \(error)")
        }
        throw CommandFailure(kind: "bad_data", message: "the line is JSON, but not an object")
    }
}

extension JSONObject {
    /// The line's text under `key`, when it is one.
    func text(_ key: String) throws -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.string else {
            throw CommandFailure(kind: "bad_data", message: "`\(key)` must be a text, not \(value.kindName)")
        }
        return text
    }

    /// The line's token ids under `key`, when they are ones.
    func ids(_ key: String) throws -> [Int32]? {
        guard let value = self[key] else { return nil }
        let ids = (value.array ?? []).compactMap { $0.integer.flatMap { Int32(exactly: $0) } }
        guard let items = value.array, ids.count == items.count, ids.allSatisfy({ $0 >= 0 }) else {
            throw CommandFailure(kind: "bad_data", message: "`\(key)` must be a list of token ids")
        }
        return ids
    }

    /// The line's dialogue, when it is one.
    func messages() throws -> [DialogueMessage]? {
        guard let value = self["messages"] else { return nil }
        let messages = (value.array ?? []).compactMap { message -> DialogueMessage? in
            guard let role = message["role"]?.string, let content = message["content"]?.string else { return nil }
            return DialogueMessage(role: role, content: content)
        }
        guard let items = value.array, !items.isEmpty, messages.count == items.count else {
            throw CommandFailure(
                kind: "bad_data", message: "`messages` must be a list of objects with the texts role and content")
        }
        return messages
    }

    /// The line's tools, when they are objects.
    func tools() throws -> [JSONObject]? {
        guard let value = self["tools"] else { return nil }
        let tools = (value.array ?? []).compactMap(\.object)
        guard let items = value.array, tools.count == items.count else {
            throw CommandFailure(kind: "bad_data", message: "`tools` must be a list of objects")
        }
        return tools
    }

    /// Refuses a line with keys that mean nothing here.
    func check(_ allowed: [String], onlyOne: Bool = false) throws {
        for (key, _) in self where !allowed.contains(key) {
            throw CommandFailure(
                kind: "bad_data",
                message: "there is no field `\(key)` here; known are \(allowed.joined(separator: ", "))")
        }
        guard !isEmpty, !onlyOne || count == 1 else {
            throw CommandFailure(
                kind: "bad_data", message: "the line needs exactly one of \(allowed.joined(separator: ", "))")
        }
    }
}

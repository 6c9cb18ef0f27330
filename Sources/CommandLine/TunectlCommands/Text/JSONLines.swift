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
        var isFirst = true
        while true {
            let reply: JSONValue
            do {
                guard let line = try context.input.nextLine() else { return worst }
                // Editors put a mark before the first line that is none of JSON's.
                reply = try answer(try object(isFirst ? line.withoutByteOrderMark : line))
            } catch let failure as CommandFailure {
                if failure.endsScripts { throw failure }
                let isBadLine = ["bad_data", "bad_request", "usage"].contains(failure.kind)
                worst = max(worst, isBadLine ? .badData : failure.exitCode)
                reply = [
                    "error": [
                        "kind": .string(isBadLine ? "bad_data" : failure.kind), "message": .string(failure.message),
                    ]
                ]
            }
            isFirst = false
            guard context.output.write(reply.serialized(.compact) + "\n") else { return worst }
        }
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
        do {
            let messages = try value.decoded(as: [DialogueMessage].self)
            if !messages.isEmpty { return messages }
        } catch {}
        throw CommandFailure(
            kind: "bad_data", message: "`messages` must be a list of objects with the texts role and content")
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

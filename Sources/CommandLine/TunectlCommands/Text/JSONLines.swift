import JSONDocuments
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
                let isBadLine = ["bad_data", "invalid_params", "usage"].contains(failure.kind)
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
    func ids(_ key: String) throws -> JSONValue? {
        guard let value = self[key] else { return nil }
        guard let items = value.array,
            items.allSatisfy({ $0.integer.map { (0...Int64(Int32.max)).contains($0) } ?? false })
        else {
            throw CommandFailure(kind: "bad_data", message: "`\(key)` must be a list of token ids")
        }
        return value
    }

    /// Refuses a line with keys that mean nothing here.
    func check(_ allowed: [String]) throws {
        for (key, _) in self where !allowed.contains(key) {
            throw CommandFailure(
                kind: "bad_data",
                message: "there is no field `\(key)` here; known are \(allowed.joined(separator: ", "))")
        }
        guard contains(where: { allowed.contains($0.key) }) else {
            throw CommandFailure(kind: "bad_data", message: "the line needs one of \(allowed.joined(separator: ", "))")
        }
    }
}

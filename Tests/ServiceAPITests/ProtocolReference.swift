import JSONDocuments

/// docs/protocol.md, made from nothing but the OpenRPC document.
struct ProtocolReference {
    private let document: JSONValue

    init(_ document: JSONObject) { self.document = .object(document) }

    var text: String {
        [introduction, limits, errors, methods, notifications, types].joined(separator: "\n")
    }

    private var introduction: String {
        """
        # Protocol

        JSON-RPC 2.0 on a Unix socket, API level \(document["x-api-level"]?.integer ?? 0). This page and \
        `clients/schema.json` are made from the answer of `rpc.discover` \
        (`FINETUNED_UPDATE=1 swift test --filter ServiceAPITests` writes both).

        ```console
        $ printf '%s\\n' '{"jsonrpc":"2.0","id":1,"method":"job.list"}' | nc -U -N /run/finetuned/finetuned.sock
        {"jsonrpc":"2.0","id":1,"result":{"jobs":[]}}
        ```

        ## Messages

        - A message is one line of UTF-8. A connection whose first byte is `C` is framed with `Content-Length: N` headers \
        instead, as the Language Server Protocol does, in both directions.
        - Parameters are given by name, or by position in the order of the tables below. A `null` counts as not given. \
        An unknown name is an error.
        - Ids are strings, null, or numbers that 64 bits hold. An id that is in flight is not taken a second time.
        - Requests may be sent without waiting for answers, which then come in any order; the id says what each answers.
        - A batch is answered with one array, in the order of its requests, when its last answer is there; a batch of \
        notifications is not answered.
        - A key that is given twice in an object, text that is not UTF-8 and numbers beyond a double are parse errors.
        - Every request is answered exactly once. `$/cancelRequest` stops one: its answer is the result, when it was ready, \
        or the error `cancelled`. Closing the connection cancels its requests, never a job.
        - A client that has sent everything may shut down its sending side; it still gets its answers, and then the end.
        - A client that asks faster than it reads is not read from until it has caught up.
        - File descriptors travel as `SCM_RIGHTS` with the first byte of their request.

        ## Who may do what

        The caller is the user that the kernel names (`SO_PEERCRED`); nothing in a request changes it. A job belongs to the \
        user who submitted it. Others see its state, size and times; its name, paths, configuration, notes, messages, \
        metrics, logs and events are for its owner and for administrators: root, the daemon's own user and the members of \
        the group `finetuned-admin`. The same goes for acting on it. What a method says under *access* is whom it answers; \
        everybody else gets the error `permission`.

        """
    }

    private var limits: String {
        """
        ## Limits

        `system.info` tells those in force. The ones marked *set* may be given below `limits` in `finetuned.yaml`.

        | limit | default | set | what it bounds |
        |---|---|---|---|

        """
            + rows(document["x-limits"]) { limit in
                let standard = limit["default"]?.integer.map(String.init) ?? "none"
                let isSetting = limit["setting"]?.bool == true ? "yes" : ""
                return ["`\(limit["name"]?.string ?? "")`", standard, isSetting, limit["summary"]?.string ?? ""]
            }
    }

    private var errors: String {
        let kinds = document["components"]?["errors"]?.object ?? [:]
        return """
            ## Errors

            `error.data.kind` is one of this closed list; programs decide by it. `data` has more where it is known: \
            \(memberList("ErrorData")). The last column is the exit status of `tunectl` when a request ends so.

            | kind | code | meaning | exit |
            |---|---|---|---|

            """
                + kinds.map { kind, error in
                    "| `\(kind)` | \(error["code"]?.integer ?? 0) | \(error["message"]?.string ?? "") "
                        + "| \(error["x-exit-status"]?.integer ?? 0) |\n"
                }.joined() + """

                    -32700 (no JSON, or a limit of size or depth), -32600 (no request) and -32601 (no such method) have the kind \
                    `bad_request`. A job that was accepted and failed makes `tunectl` exit with 1, whatever its kind.

                    """
    }

    private func memberList(_ schema: String) -> String {
        let members = document["components"]?["schemas"]?[schema]?["properties"]?.object ?? [:]
        return members.keys.filter { $0 != "kind" }.map { "`\($0)`" }.joined(separator: ", ")
    }

    private var methods: String {
        "## Methods\n\n" + (document["methods"]?.array ?? []).map(describe).joined(separator: "\n")
    }

    private func describe(_ method: JSONValue) -> String {
        var text = "### `\(method["name"]?.string ?? "")`\n\n\(method["summary"]?.string ?? "")\n\n"
        let parameters = method["params"]?.array ?? []
        if !parameters.isEmpty {
            text += "| parameter | type | required | |\n|---|---|---|---|\n"
            text += rows(method["params"]) { parameter in
                [
                    "`\(parameter["name"]?.string ?? "")`", type(parameter["schema"]),
                    parameter["required"]?.bool == true ? "yes" : "", parameter["summary"]?.string ?? "",
                ]
            }
            text += "\n"
        }
        text += "Result: \(type(method["result"]?["schema"])). "
        if let progress = method["x-progress"]?["schema"] { text += "Progress: \(type(progress)). " }
        text += "Access: \(method["x-access"]?.string ?? "").\n"
        let kinds = (method["errors"]?.array ?? []).compactMap {
            $0["$ref"]?.string?.split(separator: "/").last.map { "`\($0)`" }
        }
        return text + "Errors: \(kinds.joined(separator: ", ")).\n"
    }

    private var notifications: String {
        """
        ## Notifications

        | notification | sent by | members | |
        |---|---|---|---|

        """
            + rows(document["x-notifications"]) { notification in
                let name = notification["params"]?["$ref"]?.string?.split(separator: "/").last.map(String.init) ?? ""
                return [
                    "`\(notification["name"]?.string ?? "")`", notification["x-sender"]?.string ?? "",
                    "[\(name)](#\(name.lowercased()))", notification["summary"]?.string ?? "",
                ]
            }
    }

    private var types: String {
        let schemas = document["components"]?["schemas"]?.object ?? [:]
        return "## Types\n\n"
            + schemas.map { name, schema -> String in
                if let values = schema["enum"]?.array {
                    let list = values.compactMap(\.string).map { "`\($0)`" }.joined(separator: ", ")
                    return "### \(name)\n\nOne of \(list).\n"
                }
                let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
                var text = "### \(name)\n\n| member | type | always there | |\n|---|---|---|---|\n"
                for (member, schema) in schema["properties"]?.object ?? [:] {
                    text += row([
                        "`\(member)`", type(schema), required.contains(member) ? "yes" : "",
                        schema["description"]?.string ?? "",
                    ])
                }
                return text
            }.joined(separator: "\n")
    }

    private func type(_ schema: JSONValue?) -> String {
        if let name = schema?["$ref"]?.string?.split(separator: "/").last { return "[\(name)](#\(name.lowercased()))" }
        if let several = schema?["type"]?.array { return several.compactMap(\.string).joined(separator: " or ") }
        switch schema?["type"]?.string {
        case "array": return "array of \(type(schema?["items"]))"
        case "object":
            guard let values = schema?["additionalProperties"], values.object != nil else { return "object" }
            return "object of \(type(values))"
        case let name?: return name
        case nil: return "any value"
        }
    }

    private func rows(_ items: JSONValue?, _ cells: (JSONValue) -> [String]) -> String {
        (items?.array ?? []).map { row(cells($0)) }.joined()
    }

    private func row(_ cells: [String]) -> String {
        let line = "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        return line.replacing("|  |", with: "| |").replacing("|  |", with: "| |") + "\n"
    }
}

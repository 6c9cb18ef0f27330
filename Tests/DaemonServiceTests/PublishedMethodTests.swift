import Foundation
import JSONDocuments
import ProtocolTestSupport
import ServiceAPI
import ServiceTestSupport
import Testing

/// Every published method on a real daemon: what comes back is what the schema says.
@Suite(.timeLimit(.minutes(3))) struct PublishedMethodTests {
    @Test func everyReplyIsWhatTheSchemaSays() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        let document = try #require(try client.call("rpc.discover")?["result"])
        #expect(document == .object(try OpenRPCDocument.make()))
        let job = try #require(try client.call("job.submit", submission(daemon, steps: 2))?["result"])
        let methods = try #require(document["methods"]?.array)
        for method in methods where method["name"] != "system.shutdown" {
            let name = try #require(method["name"]?.string)
            // By name with what the test knows, by name with samples, by position, and without anything.
            try check(client, document, method, parameters(of: name, job: job["id"] ?? "", daemon))
            let samples = SchemaSamples(document: document)
            let values = (method["params"]?.array ?? []).map {
                ($0["name"]?.string ?? "", samples.sample($0["schema"] ?? [:], complete: true))
            }
            try check(client, document, method, .object(JSONObject(values.map { (key: $0.0, value: $0.1) })))
            try check(client, document, method, .array(values.map(\.1)))
            try check(client, document, method, nil)
            try check(client, document, method, ["surprise": 1])
        }
        let shutdown = try #require(methods.first { $0["name"] == "system.shutdown" })
        try check(client, document, shutdown, nil)
    }

    private func submission(_ daemon: DaemonFixture, steps: Int) -> JSONValue {
        [
            "config": ["text": .string(SmallRun.yaml(steps: steps)), "name": "run.yaml"],
            "overrides": [.string("output_dir=" + daemon.path("out"))],
            "working_directory": .string(daemon.folder.path),
            "client_token": "once",
        ]
    }

    private func parameters(of method: String, job: JSONValue, _ daemon: DaemonFixture) -> JSONValue {
        let model = JSONValue.string(Checkout.root.path + "/examples/valley/base")
        switch method {
        case "job.submit": return submission(daemon, steps: 2)
        case "config.validate", "config.plan":
            return ["config": ["text": .string(SmallRun.yaml()), "name": "run.yaml"]]
        case "tokenize": return ["model": model, "text": "Where does the river begin?"]
        case "detokenize": return ["model": model, "ids": [1, 2, 3]]
        case "logprobs": return ["model": model, "ids": [1, 2, 3]]
        case "generate": return ["model": model, "ids": [1, 2, 3], "overrides": ["max_new_tokens=3"], "stream": true]
        case "chat":
            return [
                "model": model, "messages": [["role": "user", "content": "Hello"]],
                "overrides": ["template=xverse", "max_new_tokens=3"],
            ]
        case "model.load", "model.unload": return ["model": model]
        case let name where name.hasPrefix("job.") && name != "job.list": return ["job": job]
        default: return [:]
        }
    }

    private func check(
        _ client: LineClient, _ document: JSONValue, _ method: JSONValue, _ parameters: JSONValue?
    ) throws {
        let name = try #require(method["name"]?.string)
        let validator = SchemaValidator(document: document)
        var request: JSONObject = ["jsonrpc": "2.0", "id": .string(name), "method": .string(name)]
        if let parameters { request["params"] = parameters }
        try client.send(JSONValue.object(request).serialized() + "\n")
        while let message = try client.message(seconds: 60) {
            if let notification = message["method"]?.string {
                let published = document["x-notifications"]?.array?.first { $0["name"]?.string == notification }
                let schema = try #require(published?["params"], "\(notification) is published")
                #expect(validator.problems(of: message["params"] ?? .null, with: schema) == [], "\(notification)")
                if notification == "$/progress" {
                    let progress = try #require(method["x-progress"]?["schema"], "\(name) tells of its progress")
                    #expect(validator.problems(of: message["params"]?["value"] ?? .null, with: progress) == [])
                }
                continue
            }
            #expect(message["id"] == .string(name))
            #expect(message["jsonrpc"] == "2.0")
            if let result = message["result"] {
                #expect(
                    validator.problems(of: result, with: method["result"]?["schema"] ?? [:]) == [], "\(name): \(result)"
                )
            } else {
                try checkError(try #require(message["error"]), of: method, document)
            }
            return
        }
        Issue.record("\(name) was not answered")
    }

    private func checkError(_ error: JSONValue, of method: JSONValue, _ document: JSONValue) throws {
        let name = method["name"]?.string ?? ""
        let kind = try #require(error["data"]?["kind"]?.string, "\(name): \(error)")
        let listed = (method["errors"]?.array ?? []).compactMap { $0["$ref"]?.string }
        #expect(listed.contains("#/components/errors/\(kind)"), "\(name) does not list \(kind): \(error)")
        #expect(error["code"] == document["components"]?["errors"]?[kind]?["code"], "\(name)")
        #expect(kind != "internal", "\(name): \(error)")
        let problems = SchemaValidator(document: document)
            .problems(of: error["data"] ?? .null, with: ["$ref": "#/components/schemas/ErrorData"])
        #expect(problems == [], "\(name)")
    }

    @Test func informationNamesEveryLimit() throws {
        let daemon = try DaemonFixture()
        let client = try LineClient(path: daemon.socket)
        let limits = try #require(try client.call("system.info")?["result"]?["limits"]?.object)
        for limit in ServiceLimit.all {
            let value = limits[limit.name]?.integer
            #expect(value == Int64(limit.standard), "\(limit.name)")
        }
        let described = Set(ServiceLimit.all.map(\.name))
        #expect(Set(limits.keys).subtracting(described) == [], "describe it in ServiceAPI/Discovery/Limits.swift")
    }

    @Test func limitsComeFromTheFile() throws {
        let daemon = try DaemonFixture(limits: ["message_bytes: 5000", "connections_per_user: 3"])
        let client = try LineClient(path: daemon.socket)
        let limits = try client.call("system.info")?["result"]?["limits"]
        #expect(limits?["message_bytes"] == 5000)
        // Two more fit, the fourth does not.
        let others = [try LineClient(path: daemon.socket), try LineClient(path: daemon.socket)]
        let fourth = try LineClient(path: daemon.socket)
        #expect(try fourth.message()?["error"]?["data"]?["kind"] == "busy")
        #expect(try fourth.line() == nil)
        for other in others { #expect(try other.call("job.list")?["result"] != nil) }
        try client.send(String(repeating: "x", count: 5001))
        #expect(try client.message()?["error"]?["code"] == -32700)
        #expect(try client.line() == nil)
    }
}

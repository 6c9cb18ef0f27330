import Foundation
import JSONDocuments
import ProtocolTestSupport
import ServiceAPI
import Testing

/// The OpenRPC document: it is whole, it says what the code does, and the files made from it are current.
struct PublishedSchemaTests {
    private func document() throws -> JSONValue { .object(try OpenRPCDocument.make()) }

    private func method(_ name: String) throws -> JSONValue {
        try #require(document()["methods"]?.array?.first { $0["name"]?.string == name })
    }

    @Test func hasEveryMethod() throws {
        let methods = try #require(document()["methods"]?.array)
        #expect(methods.compactMap { $0["name"]?.string } == MethodRegistry.methods.map { $0.name })
        #expect(MethodRegistry.methods.map { $0.name } == MethodRegistry.methods.map { $0.name }.sorted())
        for method in methods {
            let name = method["name"]?.string ?? ""
            #expect(method["summary"]?.string?.hasSuffix(".") == true, "\(name)")
            #expect(method["paramStructure"] == "either")
            #expect(method["result"]?["schema"]?.object?.isEmpty == false, "\(name) has a result")
            #expect((method["errors"]?.array?.count ?? 0) >= OpenRPCDocument.commonErrors.count)
            #expect(["everyone", "owner", "administrator"].contains(method["x-access"]?.string))
        }
    }

    /// What is written by hand beside the types says the same as the types.
    @Test func parametersAreThoseOfTheTypes() throws {
        for method in MethodRegistry.methods { try checkParameters(of: method) }
    }

    private func checkParameters<Method: ServiceMethod>(of method: Method.Type) throws {
        let builder = SchemaBuilder()
        let members = try builder.members(of: Method.Parameters.self)
        let names = Method.parameters.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(
            Method.parameters == Method.parameters.filter(\.isRequired) + Method.parameters.filter { !$0.isRequired },
            "\(Method.name): required parameters come first")
        for parameter in Method.parameters {
            let schema = try #require(members[parameter.name], "\(Method.name).\(parameter.name) is never decoded")
            #expect(
                kind(of: schema, in: .object(builder.components)) == parameter.type,
                "\(Method.name).\(parameter.name)")
            #expect(!parameter.summary.isEmpty)
        }
        // A dialogue takes fewer than what it shares its parameters with.
        if Method.name != "chat" { #expect(Set(names) == Set(members.keys), "\(Method.name)") }
    }

    private func kind(of schema: JSONValue, in components: JSONValue) -> String? {
        guard let reference = schema["$ref"]?.string else { return schema["type"]?.string }
        return components[String(reference.split(separator: "/").last ?? "")]?["type"]?.string
    }

    /// A value that the schema allows is decoded, and encodes to what the schema allows.
    @Test(arguments: [true, false])
    func typesAndSchemasAgree(complete: Bool) throws {
        let document = try document()
        for method in MethodRegistry.methods { try checkRoundTrip(of: method, document, complete: complete) }
        for notification in MethodRegistry.notifications {
            let schema = try #require(
                document["x-notifications"]?.array?.first { $0["name"]?.string == notification.name }?["params"])
            try checkRoundTrip(of: notification, schema, document, complete: complete)
        }
        for method in MethodRegistry.methods {
            guard let progress = method.progress as? any Codable.Type else { continue }
            let schema = try #require(try self.method(method.name)["x-progress"]?["schema"])
            try checkRoundTrip(of: progress, schema, document, complete: complete)
        }
    }

    private func checkRoundTrip<Method: ServiceMethod>(
        of method: Method.Type, _ document: JSONValue, complete: Bool
    ) throws {
        let description = try self.method(Method.name)
        try checkRoundTrip(
            of: Method.Result.self, try #require(description["result"]?["schema"]), document, complete: complete)
        var properties = JSONObject()
        var required: [JSONValue] = []
        for parameter in description["params"]?.array ?? [] {
            let name = try #require(parameter["name"]?.string)
            properties[name] = parameter["schema"]
            if parameter["required"]?.bool == true { required.append(.string(name)) }
        }
        try checkRoundTrip(
            of: Method.Parameters.self,
            ["type": "object", "properties": .object(properties), "required": .array(required)], document,
            complete: complete)
    }

    private func checkRoundTrip<T: Codable>(
        of type: T.Type, _ schema: JSONValue, _ document: JSONValue, complete: Bool
    ) throws {
        let sample = SchemaSamples(document: document).sample(schema, complete: complete)
        let validator = SchemaValidator(document: document)
        #expect(validator.problems(of: sample, with: schema) == [], "\(type)")
        let encoded = try JSONValue(encoding: try sample.decoded(as: T.self))
        #expect(validator.problems(of: encoded, with: schema) == [], "\(type)")
        if complete { #expect(encoded == sample, "\(type)") }
        // A required member that is missing is refused by the type as well.
        for name in schema["required"]?.array?.compactMap(\.string) ?? [] where T.self != Generate.Parameters.self {
            var shorter = sample
            shorter[name] = nil
            #expect(throws: DecodingError.self, "\(type) without \(name)") { try shorter.decoded(as: T.self) }
        }
    }

    @Test func theValidatorFindsWhatIsWrong() throws {
        let validator = SchemaValidator(document: try document())
        let job: JSONValue = ["$ref": "#/components/schemas/Job"]
        var value = SchemaSamples(document: try document()).sample(job, complete: true)
        #expect(validator.problems(of: value, with: job) == [])
        for (name, wrong) in [("id", 7), ("owner", -1), ("state", "asleep"), ("extra", 1), ("progress", [:])]
            as [(String, JSONValue)]
        {
            let old = value[name]
            value[name] = wrong
            #expect(validator.problems(of: value, with: job).count >= 1, "\(name)")
            value[name] = old
        }
    }

    @Test func notesNameMembersThatExist() throws {
        let described: [any (MembersExplained & Decodable).Type] = [
            Job.self, JobProgress.self, JobEvent.self, ErrorData.self, ServiceError.self, ConfigurationSource.self,
            ConfigValidate.Result.self, DatasetPreview.Result.self, Generate.Result.self, DialogueMessage.self,
            ToolCall.self,
            LogProbabilities.Result.self, JobLogs.Result.self, ResidentModel.self, SystemInfo.Result.self,
            ProgressNotification.self, JobSnapshotNotification.self, JobEventNotification.self,
            CancelRequestNotification.self, CancelledNotification.self,
        ]
        for type in described {
            let members = Set(try SchemaBuilder().members(of: type).keys)
            #expect(Set(type.memberNotes.keys).subtracting(members) == [], "\(type)")
        }
    }

    @Test func errorsAreClosedAndDistinct() throws {
        let errors = try #require(document()["components"]?["errors"]?.object)
        #expect(errors.keys == ErrorKind.allCases.map(\.rawValue))
        #expect(Set(errors.values.compactMap { $0["code"]?.integer }).count == errors.count)
        for (kind, error) in errors {
            let code = try #require(error["code"]?.integer)
            let isStandard = (-32768 ... -32000).contains(code)
            #expect(!isStandard || ["bad_request", "internal"].contains(kind) || code == -32800, "\(kind)")
        }
    }

    @Test func limitsAreDescribed() throws {
        let names = ServiceLimit.all.map(\.name)
        #expect(names == names.sorted() && Set(names).count == names.count)
        #expect(ServiceLimit.all.allSatisfy { !$0.summary.isEmpty })
    }

    /// docs/protocol.md and clients/schema.json are made from the document.
    @Test(arguments: ["docs/protocol.md", "clients/schema.json"])
    func filesAreCurrent(path: String) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../\(path)").standardized
        let document = try OpenRPCDocument.make()
        let expected =
            path.hasSuffix(".json")
            ? JSONValue.object(document).serialized(.indented(2)) + "\n" : ProtocolReference(document).text
        if ProcessInfo.processInfo.environment["FINETUNED_UPDATE"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try expected.write(to: file, atomically: true, encoding: .utf8)
        }
        let committed = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        #expect(committed == expected, "run FINETUNED_UPDATE=1 swift test --filter ServiceAPITests")
    }
}

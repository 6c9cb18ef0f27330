package import JSONDocuments

/// The protocol as an OpenRPC 1.3 document, made from the declarations that the code itself uses.
///
/// What OpenRPC has no place for stands under names with `x-`: notifications, limits, who may call a method, the exit
/// status of `tunectl` for each kind of error.
package enum OpenRPCDocument {
    /// Made once, when it is first asked for: it takes milliseconds, which a loop that serves others does not have.
    package static let current = Result { try make() }.mapError { ServiceError(.internalError, "\($0)") }

    package static func make(version: String = productVersion) throws -> JSONObject {
        let builder = SchemaBuilder()
        let methods = try MethodRegistry.methods.map { try describe($0, builder) }
        let notifications = try MethodRegistry.notifications.map { try describe($0, builder) }
        // What `error.data` holds.
        _ = try builder.schema(of: ErrorData.self)
        return [
            "openrpc": "1.3.2",
            "info": [
                "title": "finetuned", "version": .string(version),
                "description": "The daemon that fine-tunes and serves language models, on a Unix socket.",
                "license": ["name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"],
            ],
            "x-api-level": .integer(Int64(apiLevel)), "methods": .array(methods),
            "components": [
                "schemas": .object(JSONObject(builder.components.sorted { $0.key < $1.key })),
                "errors": .object(errors),
            ],
            "x-notifications": .array(notifications), "x-limits": .array(ServiceLimit.all.map(describe)),
        ]
    }

    /// What every method can end with.
    package static let commonErrors: [ErrorKind] = [.badRequest, .busy, .inputOutput, .internalError, .shuttingDown]

    private static func describe(_ method: any ServiceMethod.Type, _ builder: SchemaBuilder) throws -> JSONValue {
        try describeMethod(method, builder)
    }

    private static func describeMethod<Method: ServiceMethod>(
        _ method: Method.Type, _ builder: SchemaBuilder
    ) throws -> JSONValue {
        let members = try builder.members(of: Method.Parameters.self)
        var kinds = Set(method.errors + commonErrors)
        if method.access != .everyone { kinds.insert(.permission) }
        var description: JSONObject = [
            "name": .string(method.name), "summary": .string(method.summary), "paramStructure": "either",
            "params": .array(method.parameters.map { describe($0, members[$0.name]) }),
            "result": ["name": "result", "schema": try builder.schema(of: Method.Result.self)],
            "errors": .array(
                kinds.sorted { $0.rawValue < $1.rawValue }
                    .map { ["$ref": .string("#/components/errors/\($0.rawValue)")] }),
            "x-access": .string(method.access.rawValue),
        ]
        if let progress = method.progress {
            description["x-progress"] = ["name": "value", "schema": try builder.schema(of: progress)]
        }
        return .object(description)
    }

    private static func describe(_ parameter: MethodParameter, _ schema: JSONValue?) -> JSONValue {
        [
            "name": .string(parameter.name), "summary": .string(parameter.summary),
            "required": .bool(parameter.isRequired), "schema": schema ?? ["type": .string(parameter.type)],
        ]
    }

    private static func describe(
        _ notification: any ServiceNotification.Type, _ builder: SchemaBuilder
    ) throws -> JSONValue {
        [
            "name": .string(notification.name), "summary": .string(notification.summary),
            "x-sender": .string(notification.sender.rawValue), "params": try builder.schema(of: notification),
        ]
    }

    private static var errors: JSONObject {
        JSONObject(
            ErrorKind.allCases.map { kind in
                (
                    kind.rawValue,
                    [
                        "code": .integer(kind.code), "message": .string(kind.explanation),
                        "data": ["kind": .string(kind.rawValue)], "x-exit-status": .integer(Int64(kind.exitStatus)),
                    ]
                )
            })
    }

    private static func describe(_ limit: ServiceLimit) -> JSONValue {
        [
            "name": .string(limit.name), "default": .integer(Int64(limit.standard)),
            "setting": .bool(limit.isSetting), "summary": .string(limit.summary),
        ]
    }
}

package import JSONDocuments

package enum Discover: ServiceMethod {
    package static let name = "rpc.discover"
    package static let summary = "This protocol as an OpenRPC document."
    package static let parameters: [MethodParameter] = []
    package typealias Parameters = Nothing
    package typealias Result = JSONObject

    /// The document: every method with its parameters, every notification and every kind of error.
    package static func document(version: String) -> JSONObject {
        let methods = MethodRegistry.methods.map { method -> JSONValue in
            [
                "name": .string(method.name), "summary": .string(method.summary), "paramStructure": "either",
                "params": .array(
                    method.parameters.map { parameter in
                        [
                            "name": .string(parameter.name), "required": .bool(parameter.isRequired),
                            "summary": .string(parameter.summary), "schema": ["type": .string(parameter.type)],
                        ]
                    }),
                "result": ["name": "result", "schema": [:]],
            ]
        }
        let errors = ErrorKind.allCases.map { kind -> JSONValue in
            [
                "code": .integer(kind.code), "message": .string(kind.explanation),
                "data": ["kind": .string(kind.rawValue)],
            ]
        }
        let notifications = (MethodRegistry.notifications + MethodRegistry.clientNotifications)
            .map { JSONValue.object(["name": .string($0.name), "summary": .string($0.summary)]) }
        return [
            "openrpc": "1.3.2", "info": ["title": "finetuned", "version": .string(version)],
            "methods": .array(methods), "components": ["errors": .array(errors)],
            "x-notifications": .array(notifications),
        ]
    }
}

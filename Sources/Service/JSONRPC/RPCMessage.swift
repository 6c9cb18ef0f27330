package import JSONDocuments

/// One JSON-RPC 2.0 message.
package enum RPCMessage: Equatable, Sendable {
    case request(id: RPCIdentifier, method: String, parameters: JSONValue?)
    case notification(method: String, parameters: JSONValue?)
    case response(id: RPCIdentifier, result: JSONValue)
    case failure(id: RPCIdentifier, RPCError)

    package var value: JSONValue {
        var object: JSONObject = ["jsonrpc": "2.0"]
        switch self {
        case .request(let id, let method, let parameters):
            object["id"] = id.value
            object["method"] = .string(method)
            if let parameters { object["params"] = parameters }
        case .notification(let method, let parameters):
            object["method"] = .string(method)
            if let parameters { object["params"] = parameters }
        case .response(let id, let result):
            object["id"] = id.value
            object["result"] = result
        case .failure(let id, let error):
            object["id"] = id.value
            object["error"] = error.value
        }
        return .object(object)
    }

    /// The message as one line, newline included.
    package var line: [UInt8] {
        var bytes = value.serializedBytes(.compact)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Reads one message; what is wrong with it is the failure to answer with.
    package static func read(_ value: JSONValue) -> Result<RPCMessage, RPCMessageFailure> {
        guard let object = value.object else { return .failure(.init(id: .null, reason: "expected an object")) }
        let given = object["id"]
        guard let id = given.map(RPCIdentifier.init) ?? .some(.null) else {
            return .failure(.init(id: .null, reason: "id must be a string, a number of at most 64 bits or null"))
        }
        guard object["jsonrpc"]?.string == "2.0" else {
            return .failure(.init(id: id, reason: "jsonrpc must be \"2.0\""))
        }
        if let method = object["method"] {
            guard let name = method.string else { return .failure(.init(id: id, reason: "method must be a string")) }
            let parameters = object["params"]
            if let parameters, parameters.object == nil, parameters.array == nil {
                return .failure(.init(id: id, reason: "params must be an object or an array"))
            }
            return .success(
                given == nil
                    ? .notification(method: name, parameters: parameters)
                    : .request(id: id, method: name, parameters: parameters))
        }
        if let result = object["result"], given != nil { return .success(.response(id: id, result: result)) }
        if let error = object["error"].flatMap(RPCError.init), given != nil {
            return .success(.failure(id: id, error))
        }
        return .failure(.init(id: id, reason: "method is missing"))
    }
}

/// A value that is no message.
package struct RPCMessageFailure: Error, Equatable, Sendable {
    package var id: RPCIdentifier
    package var reason: String
}

/// What one line holds.
package enum RPCLine: Equatable, Sendable {
    case single(Result<RPCMessage, RPCMessageFailure>)
    case batch([Result<RPCMessage, RPCMessageFailure>])
    /// Answered with id null.
    case unreadable(RPCError)

    package init(_ bytes: [UInt8], limits: RPCLimits = RPCLimits()) {
        let value: JSONValue
        do {
            value = try JSONValue(
                parsing: bytes, limits: JSONLimits(maximumBytes: limits.messageBytes, maximumDepth: limits.depth))
        } catch {
            self = .unreadable(.parse("\(error)"))
            return
        }
        guard let elements = value.array else {
            self = .single(RPCMessage.read(value))
            return
        }
        if elements.isEmpty {
            self = .unreadable(.invalidRequest("an empty batch"))
        } else if elements.count > limits.batch {
            self = .unreadable(.invalidRequest("a batch of \(elements.count); at most \(limits.batch) are accepted"))
        } else {
            self = .batch(elements.map(RPCMessage.read))
        }
    }
}

import JSONDocuments

/// A request of the protocol: its name, its parameters and its result.
package protocol ServiceMethod: Sendable {
    associatedtype Parameters: Codable & Sendable
    associatedtype Result: Codable & Sendable
    /// `noun.verb`.
    static var name: String { get }
    /// One or two sentences for `rpc.discover` and docs/protocol.md.
    static var summary: String { get }
    /// The parameters in the order in which they may be given by position, the required ones first.
    static var parameters: [MethodParameter] { get }
    /// Kinds of failure beside those that every method can end with.
    static var errors: [ErrorKind] { get }
    /// Who may call it; checked before the handler runs.
    static var access: MethodAccess { get }
    /// The `value` of its `$/progress` notifications, nil when it sends none.
    static var progress: (any Decodable.Type)? { get }
}

/// Who may call a method.
package enum MethodAccess: String, CaseIterable, Sendable {
    /// Everyone who may connect.
    case everyone
    /// The owner of the job that the parameter `job` names, and administrators.
    case owner
    /// Root, the daemon's own user and members of the group finetuned-admin.
    case administrator
}

/// Parameters that name one job. Their methods are its owner's unless they say otherwise.
package protocol JobAddressing {
    var job: String { get }
}

extension ServiceMethod {
    package static var errors: [ErrorKind] { [] }
    package static var access: MethodAccess { Parameters.self is any JobAddressing.Type ? .owner : .everyone }
    package static var progress: (any Decodable.Type)? { nil }
}

/// One parameter as `rpc.discover` tells it.
package struct MethodParameter: Equatable, Sendable {
    package var name: String
    /// The JSON type; a test holds it against the Swift type that decodes it.
    package var type: String
    package var isRequired: Bool
    package var summary: String

    package init(_ name: String, _ type: String, required: Bool = false, _ summary: String) {
        self.name = name
        self.type = type
        isRequired = required
        self.summary = summary
    }
}

/// Parameters of a method that takes none, or the result of one that says nothing.
package struct Nothing: Codable, Equatable, Sendable {
    package init() {}
    package init(from decoder: any Decoder) throws {}
    package func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: NoKey.self) }
    private enum NoKey: CodingKey {}
}

extension ServiceMethod {
    /// What a method that needs a model or its tokenizer may end with.
    static var modelErrors: [ErrorKind] {
        [
            .badConfig, .badData, .badModel, .cancelled, .notAvailable, .notFinite, .notFound, .outOfMemory,
            .permission, .workerCrashed,
        ]
    }
    static var workingDirectory: MethodParameter {
        MethodParameter(
            "working_directory", "string", "absolute folder that relative paths start from; ~ is the caller's home")
    }
    static var modelSettings: MethodParameter {
        MethodParameter(
            "overrides", "array", "strings key=value that say how the model is read, such as quantization_bit=4")
    }

    static var overrides: MethodParameter {
        MethodParameter("overrides", "array", "strings key=value that win over the configuration")
    }
}

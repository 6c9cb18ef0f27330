import JSONDocuments

/// A request of the protocol: its name, its parameters and its result.
package protocol ServiceMethod: Sendable {
    associatedtype Parameters: Codable & Sendable
    associatedtype Result: Codable & Sendable
    /// `noun.verb`.
    static var name: String { get }
    /// One sentence for `rpc.discover` and docs/protocol.md.
    static var summary: String { get }
    /// The parameters in the order in which they may be given by position.
    static var parameters: [MethodParameter] { get }
}

/// One parameter as `rpc.discover` tells it.
package struct MethodParameter: Equatable, Sendable {
    package var name: String
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
    static var workingDirectory: MethodParameter {
        MethodParameter("working_directory", "string", "absolute folder that relative paths start from")
    }
    static var overrides: MethodParameter {
        MethodParameter("overrides", "array", "strings key=value that win over the configuration")
    }
}

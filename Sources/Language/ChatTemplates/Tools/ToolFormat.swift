internal import PythonData

/// How tools, and calls of them, are written for a model.
package enum ToolFormat: String, Hashable, Sendable, CaseIterable {
    case `default`
    case gemma4
    case glm4
    case glm4MoE = "glm4_moe"
    case lfm2
    case ling
    case llama3
    case minimax1
    case minimax2
    case mistral
    case qwen
    case qwen35 = "qwen3_5"
    case seed = "seed_oss"

    /// The format registered as `name`.
    package static func named(_ name: String) throws -> ToolFormat {
        guard let format = ToolFormat(rawValue: name) else {
            throw ChatTemplateError.unknownToolFormat(name: name, known: allCases.map(\.rawValue))
        }
        return format
    }
}

/// A call of a tool.
package struct FunctionCall: Hashable, Sendable {
    package var name: String
    /// JSON text as Python writes it.
    package var arguments: String

    package init(name: String, arguments: String) {
        self.name = name
        self.arguments = arguments
    }
}

/// A call whose arguments have been read.
struct ParsedCall: Hashable, Sendable {
    var name: String
    var arguments: PythonValue
}

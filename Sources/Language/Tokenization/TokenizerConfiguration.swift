package import JSONDocuments

/// What tokenizer_config.json and its companions say beside tokenizer.json.
package struct TokenizerConfiguration: Sendable {
    /// The named special tokens that other parts of the product use.
    package enum Role: String, CaseIterable, Sendable {
        case bos = "bos_token"
        case eos = "eos_token"
        case pad = "pad_token"
        case unk = "unk_token"
        case sep = "sep_token"
        case cls = "cls_token"
        case mask = "mask_token"
    }

    package enum ChatTemplate: Equatable, Sendable {
        case single(String)
        /// Several by name, in the order of the file.
        case named([NamedTemplate])

        package struct NamedTemplate: Equatable, Sendable {
            package var name: String
            package var template: String
        }

        /// The template to use when nobody asks for another.
        package var text: String? {
            switch self {
            case .single(let text): text
            case .named(let templates): templates.first { $0.name == "default" }?.template
            }
        }
    }

    /// The file as read, kept for saving.
    var object: JSONObject
    var tokens: [Role: AddedToken] = [:]
    /// Special tokens without a role.
    var extraSpecialTokens: [AddedToken] = []
    /// Tokens by id that older files list here as well.
    var addedTokens: [(identifier: Int32, token: AddedToken)] = []
    /// Whether the file decides about the first and the last token itself, overruling tokenizer.json.
    var decidesAboutEnds = false
    package var addsBOS = false
    var addsEOS = false
    package var chatTemplate: ChatTemplate?

    package init() { object = [:] }

    /// - Parameters:
    ///   - specialTokensMap: special_tokens_map.json of older folders, for roles that the main file leaves open.
    ///   - template: chat_template.jinja, which goes before a template in the main file.
    package init(
        _ value: JSONValue, specialTokensMap: JSONValue? = nil, template: String? = nil
    ) throws {
        guard case .object(let object) = value else {
            throw Self.malformed("", expected: "an object", value)
        }
        self.object = object
        for role in Role.allCases {
            for source in [object[role.rawValue], specialTokensMap?[role.rawValue]] where tokens[role] == nil {
                if let source, !source.isNull { tokens[role] = try Self.token(source, role.rawValue) }
            }
        }
        for key in ["additional_special_tokens", "extra_special_tokens"] {
            guard let list = object[key] ?? specialTokensMap?[key], case .array(let elements) = list else { continue }
            for element in elements { extraSpecialTokens.append(try Self.token(element, key)) }
        }
        if let listed = object["added_tokens_decoder"]?.object {
            for (key, entry) in listed {
                guard let number = Int64(key), number >= 0, number <= Vocabulary.largestIdentifier else {
                    throw Self.malformed("added_tokens_decoder.\(key)", expected: "an id as key", .string(key))
                }
                addedTokens.append((Int32(number), try Self.token(entry, "added_tokens_decoder.\(key)")))
            }
            addedTokens.sort { $0.identifier < $1.identifier }
        }
        decidesAboutEnds = object.contains("add_bos_token") || object.contains("add_eos_token")
        addsBOS = object["add_bos_token"]?.bool ?? false
        addsEOS = object["add_eos_token"]?.bool ?? false
        if let template {
            chatTemplate = .single(template)
        } else if let given = object["chat_template"], !given.isNull {
            chatTemplate = try Self.chatTemplate(given)
        }
    }

    private static func malformed(_ path: String, expected: String, _ value: JSONValue) -> TokenizerError {
        .malformed(file: "tokenizer_config.json", path: path, expected: expected, found: value.kindName)
    }

    /// A token is a string or an object with `content` and flags.
    private static func token(_ value: JSONValue, _ path: String) throws -> AddedToken {
        if let text = value.string { return AddedToken(content: text, normalized: false, special: true) }
        guard let object = value.object, let content = object["content"]?.string else {
            throw malformed(path, expected: "a token", value)
        }
        return AddedToken(
            content: content, singleWord: object["single_word"]?.bool ?? false,
            stripsLeft: object["lstrip"]?.bool ?? false, stripsRight: object["rstrip"]?.bool ?? false,
            normalized: object["normalized"]?.bool ?? false, special: object["special"]?.bool ?? true)
    }

    private static func chatTemplate(_ value: JSONValue) throws -> ChatTemplate {
        if let text = value.string { return .single(text) }
        guard let elements = value.array else {
            throw malformed("chat_template", expected: "a string or an array", value)
        }
        return .named(
            try elements.map { element in
                guard let name = element["name"]?.string, let template = element["template"]?.string else {
                    throw malformed("chat_template", expected: "objects with 'name' and 'template'", element)
                }
                return ChatTemplate.NamedTemplate(name: name, template: template)
            })
    }
}

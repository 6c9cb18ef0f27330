package import JSONDocuments

/// What tokenizer_config.json and its companions say beside tokenizer.json.
package struct TokenizerConfiguration: Sendable {
    /// The named special tokens that other parts of the product use.
    package enum Role: String, CaseIterable, Sendable {
        // In the order in which new ones get their ids.
        case bos = "bos_token"
        case eos = "eos_token"
        case unk = "unk_token"
        case sep = "sep_token"
        case pad = "pad_token"
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
    /// Special tokens with a name of the model's own, such as `image_token`.
    var namedSpecialTokens: [AddedToken] = []
    /// Tokens by id that files beside tokenizer.json list, smallest id first.
    var listedTokens: [(identifier: Int32, token: AddedToken)] = []
    /// The file that lists them.
    var listingFile = "tokenizer_config.json"
    /// Whether tokenizer_config.json lists tokens by id, so that its older companions are not asked.
    var listsTokens = false
    /// Whether the file decides about the first and the last token itself, overruling tokenizer.json.
    var decidesAboutEnds = false
    package var addsBOS = false
    var addsEOS = false
    package var chatTemplate: ChatTemplate?

    package init() { object = [:] }

    /// Reads what transformers would: special_tokens_map.json and added_tokens.json of older folders hold only where
    /// tokenizer_config.json lists no tokens by id, the map before tokenizer_config.json.
    ///
    /// - Parameter template: chat_template.jinja, which goes before a template in the main file
    package init(
        _ value: JSONValue, specialTokensMap: JSONValue? = nil, addedTokens: JSONValue? = nil, template: String? = nil
    ) throws {
        guard case .object(let object) = value else {
            throw Self.malformed("", expected: "an object", value)
        }
        self.object = object
        let listed = object["added_tokens_decoder"]?.object
        listsTokens = listed != nil
        let map = listsTokens ? nil : specialTokensMap
        for role in Role.allCases {
            guard let source = [map, value].lazy.compactMap({ $0?[role.rawValue] }).first(where: { !$0.isNull })
            else { continue }
            tokens[role] = try Self.token(source, role.rawValue)
        }
        for key in ["additional_special_tokens", "extra_special_tokens"] {
            for list in [object[key], map?[key]].compactMap(\.self) {
                for element in list.array ?? [] {
                    let token = try Self.token(element, key)
                    if !extraSpecialTokens.contains(where: { $0.content.utf8.elementsEqual(token.content.utf8) }) {
                        extraSpecialTokens.append(token)
                    }
                }
                for (name, element) in list.object ?? [:] {
                    namedSpecialTokens.append(try Self.token(element, "\(key).\(name)"))
                }
            }
        }
        if let listed {
            listedTokens = try Self.listedTokens(listed)
        } else if let addedTokens {
            listingFile = "added_tokens.json"
            listedTokens = try self.addedTokens(addedTokens)
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

    /// What has a role or a name, and is special whatever else is said of it.
    var namedTokens: [AddedToken] { Role.allCases.compactMap { tokens[$0] } + namedSpecialTokens }

    /// `added_tokens_decoder`: tokens by id.
    private static func listedTokens(_ listed: JSONObject) throws -> [(identifier: Int32, token: AddedToken)] {
        try listed.map { key, entry in
            let path = "added_tokens_decoder.\(key)"
            guard let number = Int64(key) else { throw malformed(path, expected: "an id as key", .string(key)) }
            var token = try token(entry, path)
            token.special = entry["special"]?.bool ?? false
            token.normalized = entry["normalized"]?.bool ?? !token.special
            return (try Vocabulary.identifier(number, of: token.content), token)
        }.sorted { $0.identifier < $1.identifier }
    }

    /// added_tokens.json: ids by token.
    private func addedTokens(_ value: JSONValue) throws -> [(identifier: Int32, token: AddedToken)] {
        guard let object = value.object else {
            throw TokenizerError.malformed(
                file: "added_tokens.json", path: "", expected: "an object", found: value.kindName)
        }
        let special = Set((namedTokens + extraSpecialTokens).map { Array($0.content.utf8) })
        return try object.map { content, entry in
            guard let number = entry.integer else {
                throw TokenizerError.malformed(
                    file: "added_tokens.json", path: content, expected: "an id", found: entry.kindName)
            }
            let token = AddedToken(content: content, special: special.contains(Array(content.utf8)))
            return (try Vocabulary.identifier(number, of: content), token)
        }.sorted { $0.identifier < $1.identifier }
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

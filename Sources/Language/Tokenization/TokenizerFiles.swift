import JSONDocuments
import LinuxSystem
import WeightFiles

/// Where a tokenizer was read from.
enum TokenizerSource: Sendable {
    case bytes([UInt8])
    case directory(String)
}

/// A file to be written beside a model.
package struct TokenizerFile: Equatable, Sendable {
    package var name: String
    package var contents: [UInt8]
}

extension Tokenizer {
    private static let mainFile = "tokenizer.json"
    private static let configurationFile = "tokenizer_config.json"
    private static let templateFile = "chat_template.jinja"
    /// Files that only travel along.
    private static let companions = [
        "special_tokens_map.json", "added_tokens.json", "tokenizer.model", "vocab.json", "merges.txt",
    ]
    private static let largestFile = 1 << 28
    /// Every file that may say something about how text becomes ids.
    package static let fileNames = [mainFile, configurationFile, templateFile] + companions

    /// Reads tokenizer.json and, where they exist, tokenizer_config.json, special_tokens_map.json, added_tokens.json and
    /// chat_template.jinja of a folder.
    ///
    /// - Parameter directory: a folder, or a GGUF file
    package init(directory: String) throws {
        if GGUFFile.isNamed(by: directory) {
            try self.init(gguf: directory)
            return
        }
        guard let json = try Self.contents(directory, Self.mainFile) else {
            throw TokenizerError.missingFile(path: "\(directory)/\(Self.mainFile)")
        }
        func parsed(_ name: String) throws -> JSONValue? {
            try Self.contents(directory, name).map { try Self.parse($0, name) }
        }
        let configuration = try TokenizerConfiguration(
            parsed(Self.configurationFile) ?? [:], specialTokensMap: parsed("special_tokens_map.json"),
            addedTokens: parsed("added_tokens.json"),
            template: try Self.contents(directory, Self.templateFile).map(\.text))
        try self.init(json: json, configuration: configuration, source: .directory(directory))
        splitsSpecialTokens = configuration.object["split_special_tokens"]?.bool ?? false
    }

    /// The files of the tokenizer as it is now: unchanged ones byte for byte, the others patched.
    package func files() throws -> [TokenizerFile] {
        var files: [TokenizerFile] = []
        let original = try mainContents()
        let needsPatch = changedVocabulary || needsCompanions && changedConfiguration
        files.append(TokenizerFile(name: Self.mainFile, contents: needsPatch ? try patched(original) : original))
        if let configuration = try configurationContents() {
            files.append(TokenizerFile(name: Self.configurationFile, contents: configuration))
        }
        if let template = try templateContents() {
            files.append(TokenizerFile(name: Self.templateFile, contents: template))
        }
        guard case .directory(let directory) = source, !changedVocabulary, !changedConfiguration else { return files }
        for name in Self.companions {
            if let contents = try Self.contents(directory, name) {
                files.append(TokenizerFile(name: name, contents: contents))
            }
        }
        return files
    }

    private func mainContents() throws -> [UInt8] {
        switch source {
        case .bytes(let bytes): return bytes
        case .directory(let directory):
            guard let bytes = try Self.contents(directory, Self.mainFile) else {
                throw TokenizerError.missingFile(path: "\(directory)/\(Self.mainFile)")
            }
            return bytes
        }
    }

    /// tokenizer.json with the list of added tokens as it is now.
    private func patched(_ original: [UInt8]) throws -> [UInt8] {
        var root = try Self.parse(original, Self.mainFile)
        root["added_tokens"] = .array(
            added.byIdentifier.sorted { $0.key < $1.key }.map { identifier, token in
                var entry: JSONValue = ["id": .integer(Int64(identifier))]
                for (key, value) in flags(of: token) { entry[key] = value }
                return entry
            })
        return root.serializedBytes(.indented(2))
    }

    private func configurationContents() throws -> [UInt8]? {
        if !changedConfiguration, case .directory(let directory) = source {
            return try Self.contents(directory, Self.configurationFile)
        }
        if configuration.object.isEmpty, !changedConfiguration { return nil }
        var object = configuration.object
        for role in TokenizerConfiguration.Role.allCases {
            guard let token = configuration.tokens[role] else { continue }
            let unchanged = object[role.rawValue].map { Self.content(of: $0) == Array(token.content.utf8) } ?? false
            if !unchanged { object[role.rawValue] = .string(token.content) }
            if object.contains("\(role.rawValue)_id"), let identifier = tokenID(of: token.content) {
                object["\(role.rawValue)_id"] = .integer(Int64(identifier))
            }
        }
        if !configuration.extraSpecialTokens.isEmpty {
            // Both versions of transformers read this key; a list under the newer one stops version 4.
            object["additional_special_tokens"] = .array(
                configuration.extraSpecialTokens.map { .string($0.content) })
            if object["extra_special_tokens"]?.array != nil { object["extra_special_tokens"] = nil }
        }
        // Version 5's name for what version 4 calls by this one, which both know.
        if object["tokenizer_class"] == "TokenizersBackend" { object["tokenizer_class"] = "PreTrainedTokenizerFast" }
        if object["added_tokens_decoder"]?.object?.isEmpty == false {
            object["added_tokens_decoder"] = addedTokensByIdentifier()
        }
        // The template is saved in its own file.
        if case .single = configuration.chatTemplate { object["chat_template"] = nil }
        return JSONValue.object(object).serializedBytes(.indented(2), escapingNonASCII: false) + [UInt8(ascii: "\n")]
    }

    private static func content(of token: JSONValue) -> [UInt8]? {
        (token.string ?? token["content"]?.string).map { Array($0.utf8) }
    }

    private func addedTokensByIdentifier() -> JSONValue {
        var object = JSONObject()
        for (identifier, token) in added.byIdentifier.sorted(by: { $0.key < $1.key }) {
            object["\(identifier)"] = .object(flags(of: token))
        }
        return .object(object)
    }

    private func flags(of token: AddedToken) -> JSONObject {
        [
            "content": .string(token.content), "single_word": .bool(token.singleWord),
            "lstrip": .bool(token.stripsLeft), "rstrip": .bool(token.stripsRight),
            "normalized": .bool(token.normalized),
            // Once special, a token stays so, whatever was said of it later.
            "special": .bool(token.special || added.isSpecial(Array(token.content.utf8))),
        ]
    }

    private func templateContents() throws -> [UInt8]? {
        if !changedConfiguration, case .directory(let directory) = source {
            return try Self.contents(directory, Self.templateFile)
        }
        guard case .single(let text) = configuration.chatTemplate else { return nil }
        return Array(text.utf8)
    }

    private static func parse(_ bytes: [UInt8], _ name: String) throws -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch let error as JSONError {
            throw TokenizerError.invalidJSON(file: name, reason: error.description)
        }
    }
}

extension Tokenizer {
    /// A file of the folder, or nil if there is none.
    private static func contents(_ directory: String, _ name: String) throws -> [UInt8]? {
        let path = "\(directory)/\(name)"
        do {
            return try MappedFile.contents(of: path, limit: largestFile)
        } catch {
            if error.isNotFound { return nil }
            throw TokenizerError.unreadable(error)
        }
    }
}

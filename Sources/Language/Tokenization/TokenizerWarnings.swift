import JSONDocuments

// Keys of tokenizer_config.json that ask for other ids than tokenizer.json gives, and are not followed as it stands.
extension Tokenizer {
    /// - Parameter ends: what tokenizer.json puts around a text
    mutating func warnOfDisregardedKeys(ends: PostProcessor) {
        let file = "tokenizer_config.json"
        let object = configuration.object
        if configuration.decidesAboutEnds, ends.adding(to: []) != postProcessor.adding(to: []) {
            let keys = ["add_bos_token", "add_eos_token"].filter { object.contains($0) }.map { "'\($0)'" }
            warnings.append(
                "\(file): \(keys.joined(separator: " and ")) put other tokens around a text than tokenizer.json does; "
                    + "they are followed here, transformers 5 follows tokenizer.json")
        }
        if let wanted = object["add_prefix_space"]?.bool, case .byteLevel(let found, _) = preTokenizer, wanted != found
        {
            warnings.append(
                "\(file): 'add_prefix_space' is \(wanted), tokenizer.json says \(found), which is followed as in "
                    + "transformers 5")
        }
        for (key, value) in object
        where key.hasSuffix("_token") && TokenizerConfiguration.Role(rawValue: key) == nil {
            guard let token = value.string ?? value["content"]?.string, tokenID(of: token) == nil else { continue }
            warnings.append("\(file): '\(key)' is '\(token)', which is no token of tokenizer.json and is not added")
        }
        if object["fix_mistral_regex"]?.bool == true {
            warnings.append("\(file): 'fix_mistral_regex' is not followed; text is cut as tokenizer.json says")
        }
        if let map = object["auto_map"], !map.isNull {
            warnings.append("\(file): 'auto_map' names code of its own, which is not run; tokenizer.json decides")
        }
    }
}

import JSONDocuments

/// Typed access to a `config.json` whose values are not trusted.
package struct ConfigurationReader {
    let object: JSONObject
    let file: String

    /// A positive number of things, bounded so that products of a few of them cannot overflow.
    func size(_ key: String, default fallback: Int? = nil) throws -> Int {
        guard let value = present(key) else {
            guard let fallback else { throw ModelConfigurationError.missing(key: key, file: file) }
            return fallback
        }
        guard let integer = value.integer, (1...(1 << 30)).contains(integer) else {
            throw wrong(key, "a whole number from 1 to \(1 << 30)", value)
        }
        return Int(integer)
    }

    func count(_ key: String, default fallback: Int) throws -> Int {
        guard let value = present(key) else { return fallback }
        guard let integer = value.integer, (0...(1 << 30)).contains(integer) else {
            throw wrong(key, "a whole number from 0 to \(1 << 30)", value)
        }
        return Int(integer)
    }

    func number(_ key: String, default fallback: Double? = nil) throws -> Double {
        guard let value = present(key) else {
            guard let fallback else { throw ModelConfigurationError.missing(key: key, file: file) }
            return fallback
        }
        guard let number = value.double, number.isFinite else { throw wrong(key, "a number", value) }
        return number
    }

    func positive(_ key: String, default fallback: Double? = nil) throws -> Double {
        let number = try number(key, default: fallback)
        guard number > 0 else { throw wrong(key, "a number above 0", .number(number)) }
        return number
    }

    /// A number that is one in float32 too.
    func float(_ key: String, default fallback: Double? = nil) throws -> Float {
        let number = try number(key, default: fallback)
        guard Float(number).isFinite else { throw wrong(key, "a number of float32", .number(number)) }
        return Float(number)
    }

    /// A number above 0 that is one in float32 too.
    func positiveFloat(_ key: String, default fallback: Double? = nil) throws -> Float {
        let number = try positive(key, default: fallback)
        guard Float(number).isFinite, Float(number) > 0 else {
            throw wrong(key, "a number above 0 of float32", .number(number))
        }
        return Float(number)
    }

    func flag(_ key: String, default fallback: Bool) throws -> Bool {
        guard let value = present(key) else { return fallback }
        guard let flag = value.bool else { throw wrong(key, "true or false", value) }
        return flag
    }

    func text(_ key: String) throws -> String? {
        guard let value = present(key) else { return nil }
        guard let text = value.string else { throw wrong(key, "a text", value) }
        return text
    }

    /// One token id, a list of them, or none.
    func tokens(_ key: String) throws -> [Int32] {
        guard let value = present(key) else { return [] }
        return try (value.array ?? [value]).map { element in
            guard let integer = element.integer, let token = Int32(exactly: integer) else {
                throw wrong(key, "a token id or a list of them", value)
            }
            return token
        }
    }

    func texts(_ key: String) throws -> [String]? {
        guard let value = present(key) else { return nil }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count else { throw wrong(key, "a list of texts", value) }
        return texts
    }

    func numbers(_ key: String) throws -> [Double] {
        guard let value = present(key) else { throw ModelConfigurationError.missing(key: key, file: file) }
        let numbers = value.array?.compactMap(\.double)
        guard let numbers, numbers.count == value.array?.count, numbers.allSatisfy(\.isFinite) else {
            throw wrong(key, "a list of numbers", value)
        }
        return numbers
    }

    /// The same file with values for keys that are absent.
    func filled(with defaults: JSONObject) -> ConfigurationReader {
        var object = object
        for (key, value) in defaults where !object.contains(key) { object[key] = value }
        return ConfigurationReader(object: object, file: file)
    }

    /// A nested object; absent and null are the same.
    func nested(_ key: String) throws -> ConfigurationReader? {
        guard let value = present(key) else { return nil }
        guard let object = value.object else { throw wrong(key, "an object", value) }
        return ConfigurationReader(object: object, file: file)
    }

    func wrong(_ key: String, _ expected: String, _ value: JSONValue) -> ModelConfigurationError {
        .wrongValue(key: key, expected: expected, found: value.serialized(.compact), file: file)
    }

    private func present(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }
}

/// How far a layer's attention reaches: an entry of `layer_types`.
enum LayerKind { case full, sliding }

extension ConfigurationReader {
    /// `layer_types`, which transformers 5 writes for every layer; nil where it is absent.
    func layerKinds(count: Int) throws -> [LayerKind]? {
        guard let kinds = try texts("layer_types") else { return nil }
        guard kinds.count == count else {
            throw wrong("layer_types", "a list of \(count) kinds", .integer(Int64(kinds.count)))
        }
        return try kinds.map { kind in
            switch kind {
            case "full_attention": .full
            case "sliding_attention": .sliding
            default:
                throw ModelConfigurationError.unsupported(
                    key: "layer_types", value: kind, supported: ["full_attention", "sliding_attention"], file: file)
            }
        }
    }
}

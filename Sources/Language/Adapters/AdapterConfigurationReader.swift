import JSONDocuments

/// Typed access to an `adapter_config.json`, which is not trusted.
package struct AdapterConfigurationReader {
    let object: JSONObject
    let file: String

    subscript(key: String) -> JSONValue? { object[key] }

    func wrong(_ key: String, _ expected: String, _ value: JSONValue) -> AdapterError {
        .wrongValue(key: key, expected: expected, found: value.serialized(.compact), file: file)
    }

    func unsupported(_ key: String, _ value: String, instead: String = "merge it with PEFT first") -> AdapterError {
        .unsupported(key: key, value: value, file: file, instead: instead)
    }

    static func saysNothing(_ value: JSONValue) -> Bool {
        value.isNull || value == false || value.array?.isEmpty == true || value.object?.isEmpty == true
    }

    /// - Throws: `AdapterError.unsupported` for a key that says something
    func requireEmpty(_ key: String) throws {
        guard let value = object[key], !value.isNull, value.array?.isEmpty != true, value.object?.isEmpty != true
        else { return }
        throw unsupported(key, value.serialized(.compact))
    }

    func text(_ key: String) throws -> String? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let text = value.string else { throw wrong(key, "a text", value) }
        return text
    }

    func flag(_ key: String, default fallback: Bool = false) throws -> Bool {
        guard let value = object[key], !value.isNull else { return fallback }
        guard let flag = value.bool else { throw wrong(key, "true or false", value) }
        return flag
    }

    func number(_ key: String, default fallback: Double) throws -> Double {
        guard let value = object[key], !value.isNull else { return fallback }
        guard let number = value.double, number.isFinite else { throw wrong(key, "a number", value) }
        return number
    }

    func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int64>) throws -> Int {
        guard let value = object[key], !value.isNull else { return fallback }
        guard let number = value.integer, range.contains(number) else {
            throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
        }
        return Int(number)
    }

    func rank(_ value: JSONValue, _ key: String) throws -> Int {
        guard let rank = value.integer, (1...65536).contains(rank) else {
            throw wrong(key, "a rank from 1 to 65536", value)
        }
        return Int(rank)
    }

    func modules(_ key: String) throws -> TargetModules? {
        guard let value = object[key], !value.isNull else { return nil }
        if let text = value.string { return .expression(text) }
        return .names(try names(key))
    }

    /// One name or a list of them.
    func names(_ key: String) throws -> [String] {
        guard let value = object[key], !value.isNull else { return [] }
        if let text = value.string { return [text] }
        guard let names = value.array?.compactMap(\.string), names.count == value.array?.count else {
            throw wrong(key, "a list of names or an expression", value)
        }
        return names
    }

    func layers(_ key: String) throws -> [Int]? {
        guard let value = object[key], !value.isNull else { return nil }
        return try (value.array ?? [value]).map { element in
            guard let layer = element.integer, (0...65536).contains(layer) else {
                throw wrong(key, "layer numbers", value)
            }
            return Int(layer)
        }
    }

    func pattern<Value>(
        _ key: String, _ read: (JSONValue) throws -> Value
    ) throws -> [(pattern: String, value: Value)] {
        guard let value = object[key], !value.isNull else { return [] }
        guard let entries = value.object else { throw wrong(key, "an object", value) }
        return try entries.map { (pattern: $0.key, value: try read($0.value)) }
    }
}

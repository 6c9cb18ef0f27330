/// Why a text is not JSON in Python's eyes.
package struct PythonJSONError: Error, Hashable, CustomStringConvertible {
    package var reason: String
    /// Code units before the place.
    package var offset: Int

    package var description: String { "\(reason) at byte \(offset)" }
}

extension PythonValue {
    /// Reads a whole text as Python's `json.loads` does: of repeated keys the last value, at the first one's place;
    /// integers of any length; `NaN` and `Infinity` too.
    package init(json text: String) throws {
        var reader = PythonJSONReader(text: Array(text.utf8))
        self = try reader.readAll()
    }
}

private struct PythonJSONReader {
    let text: [UInt8]
    var position = 0
    var depth = 0

    /// Python itself gives up a little below a thousand.
    private static let maximumDepth = 500
    /// Python refuses longer ones when it makes a number of them.
    private static let maximumDigits = 4300

    init(text: [UInt8]) { self.text = text }

    mutating func readAll() throws -> PythonValue {
        skipBlanks()
        let value = try read()
        skipBlanks()
        guard position == text.count else { throw failure("there is more behind the value") }
        return value
    }

    private func failure(_ reason: String) -> PythonJSONError { PythonJSONError(reason: reason, offset: position) }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipBlanks() {
        while let unit = next, unit == 0x20 || unit == 0x0A || unit == 0x0D || unit == 0x09 { position += 1 }
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard text.count - position >= count else { return false }
        let matches = word.withUTF8Buffer { text[position..<position + count].elementsEqual($0) }
        if matches { position += count }
        return matches
    }

    private mutating func read() throws -> PythonValue {
        switch next {
        case UInt8(ascii: "\""): return .string(PythonText(try readString()))
        case UInt8(ascii: "{"): return try nested { try $0.readObject() }
        case UInt8(ascii: "["): return try nested { try $0.readArray() }
        default: break
        }
        if skip("null") { return .none }
        if skip("true") { return .bool(true) }
        if skip("false") { return .bool(false) }
        if skip("NaN") { return .float(.nan) }
        if skip("Infinity") { return .float(.infinity) }
        if skip("-Infinity") { return .float(-.infinity) }
        return try readNumber()
    }

    private mutating func nested(_ body: (inout Self) throws -> PythonValue) throws -> PythonValue {
        guard depth < Self.maximumDepth else { throw failure("the value is nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        skipBlanks()
        return try body(&self)
    }

    private mutating func readArray() throws -> PythonValue {
        if skip("]") { return .list([]) }
        var values: [PythonValue] = []
        while true {
            values.append(try read())
            skipBlanks()
            if skip("]") { return .list(values) }
            guard skip(",") else { throw failure("a list goes on with `,` or ends with `]`") }
            skipBlanks()
        }
    }

    private mutating func readObject() throws -> PythonValue {
        var dictionary = PythonDictionary()
        if skip("}") { return .dictionary(dictionary) }
        while true {
            guard next == UInt8(ascii: "\"") else { throw failure("a key in quotation marks is expected") }
            let key = try readString()
            skipBlanks()
            guard skip(":") else { throw failure("`:` is expected behind a key") }
            skipBlanks()
            dictionary[key] = try read()
            skipBlanks()
            if skip("}") { return .dictionary(dictionary) }
            guard skip(",") else { throw failure("an object goes on with `,` or ends with `}`") }
            skipBlanks()
        }
    }

    private mutating func readNumber() throws -> PythonValue {
        let start = position
        _ = skip("-")
        let whole = position
        skipDigits()
        guard position > whole, position == whole + 1 || text[whole] != UInt8(ascii: "0") else {
            position = start
            throw failure("a value is expected")
        }
        var isFloat = false
        if next == UInt8(ascii: ".") { isFloat = skipFraction(signs: false) }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") { isFloat = skipFraction(signs: true) || isFloat }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        if isFloat { return .float(Double(digits) ?? .infinity) }
        guard position - whole <= Self.maximumDigits else { throw failure("an integer has too many digits") }
        return Int64(digits).map { .integer($0) } ?? .bigInteger(digits)
    }

    private mutating func skipDigits() {
        while let unit = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) { position += 1 }
    }

    /// Goes past a mark and the digits behind it, or nowhere if there are none.
    private mutating func skipFraction(signs: Bool) -> Bool {
        let start = position
        position += 1
        if signs, next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
        let digits = position
        skipDigits()
        if position == digits { position = start }
        return position > start
    }

    // MARK: - Texts

    private mutating func readString() throws -> String {
        position += 1
        var units: [UInt8] = []
        while let unit = next {
            position += 1
            switch unit {
            case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"): units += try readEscape()
            case 0..<0x20: throw failure("a control character stands in a text")
            default: units.append(unit)
            }
        }
        throw failure("a text has no end")
    }

    private mutating func readEscape() throws -> [UInt8] {
        guard let unit = next else { throw failure("a text has no end") }
        position += 1
        switch unit {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [unit]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try readFourDigits()
            if (0xD800..<0xDC00).contains(code), skip("\\u") {
                let low = try readFourDigits()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair stands alone") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair stands alone") }
            return Array(String(scalar).utf8)
        default: throw failure("an unknown escape stands in a text")
        }
    }

    private mutating func readFourDigits() throws -> UInt32 {
        guard text.count - position >= 4 else { throw failure("four hexadecimal digits are expected") }
        var code: UInt32 = 0
        for unit in text[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(unit)).hexDigitValue else {
                throw failure("four hexadecimal digits are expected")
            }
            code = code << 4 + UInt32(digit)
        }
        position += 4
        return code
    }
}

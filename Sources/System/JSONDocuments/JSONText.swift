/// How a value is laid out as text.
package enum JSONStyle: Equatable, Sendable {
    /// No blanks: `{"a":1,"b":2}`.
    case compact
    /// Python's default: `{"a": 1, "b": 2}`.
    case spaced
    /// One member a line, indented by so many blanks, as Python's `indent`.
    case indented(Int)
}

extension JSONValue {
    /// The value as JSON text.
    ///
    /// Numbers take the shortest text that reads back to the same double, spelled as Python does; a number that is
    /// not finite becomes `null`. Keys keep their order unless sorted (by code point).
    package func serialized(
        _ style: JSONStyle = .compact, sortedKeys: Bool = false, escapingNonASCII: Bool = false
    ) -> String {
        var writer = JSONTextWriter(style: style, sortedKeys: sortedKeys, escapingNonASCII: escapingNonASCII)
        writer.write(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// As `serialized`, without the detour over `String`.
    package func serializedBytes(
        _ style: JSONStyle = .compact, sortedKeys: Bool = false, escapingNonASCII: Bool = false
    ) -> [UInt8] {
        var writer = JSONTextWriter(style: style, sortedKeys: sortedKeys, escapingNonASCII: escapingNonASCII)
        writer.write(self, depth: 0)
        return writer.bytes
    }
}

private struct JSONTextWriter {
    let style: JSONStyle
    let sortedKeys: Bool
    let escapingNonASCII: Bool
    var bytes: [UInt8] = []

    init(style: JSONStyle, sortedKeys: Bool, escapingNonASCII: Bool) {
        self.style = style
        self.sortedKeys = sortedKeys
        self.escapingNonASCII = escapingNonASCII
    }

    mutating func write(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: append("null")
        case .bool(let flag): append(flag ? "true" : "false")
        case .integer(let integer): append(String(integer))
        case .number(let number): append(number.jsonText)
        case .string(let text): write(text)
        case .array(let elements): write(elements, depth: depth)
        case .object(let object): write(object, depth: depth)
        }
    }

    private mutating func write(_ elements: [JSONValue], depth: Int) {
        append("[")
        for (index, element) in elements.enumerated() {
            separate(isFirst: index == 0, depth: depth + 1)
            write(element, depth: depth + 1)
        }
        if !elements.isEmpty { breakLine(depth: depth) }
        append("]")
    }

    private mutating func write(_ object: JSONObject, depth: Int) {
        append("{")
        let members =
            sortedKeys
            ? object.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : Array(object)
        for (index, member) in members.enumerated() {
            separate(isFirst: index == 0, depth: depth + 1)
            write(member.key)
            append(style == .compact ? ":" : ": ")
            write(member.value, depth: depth + 1)
        }
        if !members.isEmpty { breakLine(depth: depth) }
        append("}")
    }

    private mutating func separate(isFirst: Bool, depth: Int) {
        if !isFirst { append(style == .spaced ? ", " : ",") }
        breakLine(depth: depth)
    }

    private mutating func breakLine(depth: Int) {
        guard case .indented(let width) = style else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, width) * depth))
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if escapingNonASCII {
            for scalar in text.unicodeScalars { writeAsASCII(scalar) }
        } else {
            for byte in text.utf8 {
                if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    bytes.append(byte)
                } else {
                    writeEscape(byte)
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeAsASCII(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x22, 0x5C, 0..<0x20: writeEscape(UInt8(scalar.value))
        case 0x20...0x7E: bytes.append(UInt8(scalar.value))
        default: for unit in String(scalar).utf16 { writeHexadecimal(unit) }
        }
    }

    private mutating func writeEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        default: writeHexadecimal(UInt16(byte))
        }
    }

    private mutating func writeHexadecimal(_ unit: UInt16) {
        append("\\u")
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(unit >> shift & 0xF)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

extension Double {
    /// The shortest decimal that reads back to the same number, as Python's `repr` writes it; `null` if not finite.
    package var jsonText: String {
        guard isFinite else { return "null" }
        let text = description
        guard magnitude >= 1e15, magnitude < 1e17 else { return text }
        // Around here Swift and Python change to exponents at different numbers: Python at 10^16.
        let (digits, exponent) = Self.digitsAndExponent(of: text)
        let sign = self < 0 ? "-" : ""
        let head = String(decoding: digits.prefix(1), as: UTF8.self)
        let tail = String(decoding: digits.dropFirst(), as: UTF8.self)
        guard exponent >= 16 else {
            let zeros = String(repeating: "0", count: max(0, exponent + 1 - digits.count))
            let whole = head + tail.prefix(exponent) + zeros
            return "\(sign)\(whole).\(digits.count > exponent + 1 ? String(tail.dropFirst(exponent)) : "0")"
        }
        return "\(sign)\(head)\(tail.isEmpty ? "" : "." + tail)e+\(exponent)"
    }

    /// The significant digits of a decimal of at least 1, and the power of ten of the first one.
    private static func digitsAndExponent(of text: String) -> (digits: [UInt8], exponent: Int) {
        let parts = text.utf8.split(separator: UInt8(ascii: "e"))
        let mantissa = parts.first.map(Array.init) ?? []
        let wholeDigits = mantissa.prefix { $0 != UInt8(ascii: ".") }.count { $0 != UInt8(ascii: "-") }
        var digits = mantissa.filter { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "-") }
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let written = parts.count > 1 ? Int(String(decoding: parts[1], as: UTF8.self)) ?? 0 : 0
        return (digits, written + wholeDigits - 1)
    }
}

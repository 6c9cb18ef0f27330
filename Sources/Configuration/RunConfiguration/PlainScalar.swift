/// What an unquoted YAML scalar means, by the YAML 1.1 rules that LLaMA-Factory's loader applies.
///
/// Floats need no dot (`1e-4` is a number); numbers in base 60 stay text, for nobody means them.
enum PlainScalar {
    static func value(of text: String) -> ConfigurationValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default: break
        }
        if let integer = integer(text) { return .integer(integer) }
        if let number = number(text) { return .number(number) }
        return .string(text)
    }

    private static func integer(_ text: String) -> Int64? {
        var digits = Substring(text)
        guard !digits.isEmpty else { return nil }
        var sign = ""
        if let first = digits.first, first == "-" || first == "+" {
            sign = String(first)
            digits.removeFirst()
        }
        guard let first = digits.first, first.isASCII, first.isNumber, text.utf8.count <= 80 else { return nil }
        let plain = digits.filter { $0 != "_" }
        if plain.hasPrefix("0x") { return Int64(sign + plain.dropFirst(2), radix: 16) }
        if plain.hasPrefix("0b") { return Int64(sign + plain.dropFirst(2), radix: 2) }
        guard plain.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        if plain.count > 1, plain.hasPrefix("0") { return Int64(sign + plain, radix: 8) }
        return Int64(sign + plain)
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity
        case "-.inf", "-.Inf", "-.INF": return -.infinity
        case ".nan", ".NaN", ".NAN": return .nan
        default: break
        }
        guard text.utf8.count <= 80 else { return nil }
        var hasDigit = false
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: hasDigit = true
            // The characters of + - . _ and of an exponent.
            case 0x2B, 0x2D, 0x2E, 0x5F, 0x45, 0x65: break
            default: return nil
            }
        }
        guard hasDigit, let first = text.utf8.first, first != 0x45, first != 0x65, first != 0x5F else { return nil }
        return Double(String(text.filter { $0 != "_" }))
    }
}

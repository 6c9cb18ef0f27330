/// What must be known of a text before the recursive parser may see it.
struct JSONPrescan {
    /// Ends of integers that do not fit 64 bits, as offsets just behind their last digit.
    var endsOfWideIntegers: [Int] = []

    /// Walks once over the text; throws if it is nested too deeply.
    ///
    /// Errors of syntax are left to the parser: only strings are told from the rest.
    init(_ text: Span<UInt8>, limits: JSONLimits) throws(JSONError) {
        if text.count > limits.maximumBytes {
            throw JSONError(.tooLarge(bytes: text.count, limit: limits.maximumBytes))
        }
        var depth = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                index = Self.endOfString(in: text, from: index)
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > limits.maximumDepth {
                    let (line, column) = Self.place(of: index - 1, in: text)
                    throw JSONError(.tooDeep(limit: limits.maximumDepth), line: line, column: column)
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                index = scanNumber(in: text, from: index - 1)
            case 0:
                // The parser takes a NUL right behind a number for the end of the text.
                let (line, column) = Self.place(of: index - 1, in: text)
                throw JSONError(.syntax("there is a NUL byte outside a string"), line: line, column: column)
            default: break
            }
        }
    }

    private static func endOfString(in text: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") { return index + 1 }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return text.count
    }

    private mutating func scanNumber(in text: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let isNegative = text[start] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        let firstDigit = index
        while index < text.count, text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9") { index += 1 }
        let digits = index - firstDigit
        guard digits >= 19 else { return max(index, start + 1) }
        var continues = false
        if index < text.count {
            let next = text[index]
            continues = next == UInt8(ascii: ".") || next == UInt8(ascii: "e") || next == UInt8(ascii: "E")
        }
        if !continues, !Self.fitsInt64(text, firstDigit..<index, isNegative: isNegative) {
            endsOfWideIntegers.append(index)
        }
        return index
    }

    private static func fitsInt64(_ text: Span<UInt8>, _ digits: Range<Int>, isNegative: Bool) -> Bool {
        var magnitude: UInt64 = 0
        for index in digits {
            let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(text[index] - UInt8(ascii: "0")))
            if overflowed || carried { return false }
            magnitude = sum
        }
        return magnitude <= UInt64(Int64.max) + (isNegative ? 1 : 0)
    }

    static func place(of offset: Int, in text: Span<UInt8>) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for index in 0..<min(offset, text.count) {
            if text[index] == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if text[index] & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }
}

/// A private-use character that stands for `\u0000` inside keys, which the parser cannot hold.
struct NULSubstitute {
    let scalar: Unicode.Scalar

    /// Replaces every `\u0000` of the text by a character that the text does not use.
    ///
    /// Both escapes have six bytes, so places in messages stay right. Nil if there is no free character.
    init?(replacingIn text: inout [UInt8]) {
        var used = Set<UInt32>()
        var nulEscapes: [Int] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\\"), index + 5 < text.count, text[index + 1] == UInt8(ascii: "u") {
                if let code = Self.hexadecimal(text[(index + 2)...(index + 5)]) {
                    used.insert(code)
                    if code == 0 { nulEscapes.append(index) }
                }
                index += 6
            } else if byte == UInt8(ascii: "\\") {
                index += 2
            } else if byte & 0xF0 == 0xE0, index + 2 < text.count {
                used.insert(
                    UInt32(byte & 0x0F) << 12 | UInt32(text[index + 1] & 0x3F) << 6 | UInt32(text[index + 2] & 0x3F))
                index += 3
            } else {
                index += 1
            }
        }
        guard let free = (UInt32(0xE000)...0xF8FF).first(where: { !used.contains($0) }),
            let scalar = Unicode.Scalar(free)
        else { return nil }
        self.scalar = scalar
        let escape = Array(("\\u" + String(free, radix: 16)).utf8)
        for start in nulEscapes { text.replaceSubrange(start..<(start + 6), with: escape) }
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }

    func restored(_ text: String) -> String {
        guard text.unicodeScalars.contains(scalar) else { return text }
        var scalars = String.UnicodeScalarView()
        for other in text.unicodeScalars { scalars.append(other == scalar ? Unicode.Scalar(0 as UInt8) : other) }
        return String(scalars)
    }
}

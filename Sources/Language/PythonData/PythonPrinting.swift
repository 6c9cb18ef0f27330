internal import JSONDocuments

extension PythonValue {
    /// The value as Python's `str` shows it.
    package var printed: String {
        if case .string(let text) = self { return text.value }
        return representation
    }

    /// The value as Python's `repr` shows it.
    package var representation: String {
        switch self {
        case .none: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .integer(let value): String(value)
        case .bigInteger(let digits): digits
        case .float(let value): value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : value.jsonText
        case .string(let text): Self.quoted(text.value)
        case .list(let values): "[\(values.map(\.representation).joined(separator: ", "))]"
        case .dictionary(let dictionary):
            "{"
                + dictionary.members.map { "\(Self.quoted($0.key)): \($0.value.representation)" }
                .joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let mark: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        var quoted = String.UnicodeScalarView()
        quoted.append(mark)
        for scalar in scalars {
            switch scalar {
            case mark, "\\":
                quoted.append("\\")
                quoted.append(scalar)
            case "\n": quoted.append(contentsOf: "\\n".unicodeScalars)
            case "\r": quoted.append(contentsOf: "\\r".unicodeScalars)
            case "\t": quoted.append(contentsOf: "\\t".unicodeScalars)
            default:
                if isPrintable(scalar) {
                    quoted.append(scalar)
                } else {
                    quoted.append(contentsOf: escape(scalar).unicodeScalars)
                }
            }
        }
        quoted.append(mark)
        return String(quoted)
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        return "\\\(letter)" + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }
}

extension Unicode.Scalar {
    /// Whether Python's `str.isspace` and `\s` take it for white space.
    package var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}

extension String {
    /// This text without white space at either end, as `str.strip` leaves it.
    package var strippedLikePython: String {
        let scalars = Array(unicodeScalars)
        guard let first = scalars.firstIndex(where: { !$0.isPythonSpace }),
            let last = scalars.lastIndex(where: { !$0.isPythonSpace })
        else { return "" }
        var kept = UnicodeScalarView()
        kept.append(contentsOf: scalars[first...last])
        return String(kept)
    }
}

/// The width of text on a terminal, in columns.
package enum TextColumns {
    /// Columns of `text`: 2 for East Asian wide characters and emoji, 0 for combining marks.
    package static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    /// `text` with spaces up to `width`; longer text stays as it is.
    package static func padded(_ text: String, to width: Int, alignRight: Bool = false) -> String {
        let missing = max(0, width - self.width(text))
        let spaces = String(repeating: " ", count: missing)
        return alignRight ? spaces + text : text + spaces
    }

    /// `text` cut to `width` columns, with a mark where something is missing.
    package static func cut(_ text: String, to width: Int, utf8: Bool) -> String {
        guard self.width(text) > width else { return text }
        let mark = utf8 ? "…" : "~"
        guard width > 1 else { return width == 1 ? mark : "" }
        var kept = ""
        var columns = 0
        for character in text {
            let next = self.width(character)
            if columns + next > width - 1 { break }
            kept.append(character)
            columns += next
        }
        return kept + mark
    }

    /// `text` without control characters, so that a name from outside cannot move the cursor.
    package static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isControl(scalar) ? "?" : scalar) }
        return String(scalars)
    }

    /// As `printable`, for text of several lines: line ends and tabs stay.
    package static func printableLines(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            scalars.append(isControl(scalar) && scalar != "\n" && scalar != "\t" ? "?" : scalar)
        }
        return String(scalars)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
    }

    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return wideRanges.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// Unicode's East Asian Width W and F, coarsely.
    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD,
    ]
}

import Tensors
package import Tokenization

/// A run's items as people look at them: what the model sees, and which of it is trained on.
package struct PreviewText: Sendable {
    package let tokenizer: Tokenizer
    /// Trained tokens are green on a terminal that has colours, elsewhere between `«` and `»`.
    package let usesColor: Bool
    package let columns: Int

    package init(tokenizer: Tokenizer, usesColor: Bool, columns: Int) {
        self.tokenizer = tokenizer
        self.usesColor = usesColor
        self.columns = max(40, columns)
    }

    private var begin: String { usesColor ? "\u{1B}[32m" : "«" }
    private var end: String { usesColor ? "\u{1B}[0m" : "»" }

    /// How to read the items below.
    package var legend: String {
        "Tokens that are trained on are \(usesColor ? "\(begin)green\(end)" : "between « and »").\n"
    }

    // MARK: - Items

    /// - Parameter number: counts from 1
    package func item(_ item: PreparedItem, number: Int, of count: Int) throws -> String {
        var text = "\nitem \(number) of \(count)"
        switch item {
        case .sequence(let item):
            let examples = item.packing.map { ", \($0.lengths.count) packed examples, \($0.padding) of padding" } ?? ""
            text += ": \(Self.summary(item))\(examples)\n" + (try sequence(item))
        case .preference(let pair):
            text += "\nchosen: \(Self.summary(pair.chosen))\n" + (try sequence(pair.chosen))
            text += "rejected: \(Self.summary(pair.rejected))\n" + (try sequence(pair.rejected))
        case .feedback(let item):
            text += ", \(item.isDesired ? "desired" : "undesired")\nanswer: \(Self.summary(item.target))\n"
            text += try sequence(item.target)
            text += "with another row's answer: \(Self.summary(item.mismatched))\n" + (try sequence(item.mismatched))
        case .prompt(let item):
            let unlabelled = [Int32](repeating: ignoredLabel, count: item.inputIDs.count)
            text += ": prompt of \(item.inputIDs.count) tokens, answer of \(item.labels.count)\n"
            text += try sequence(TrainingItem(inputIDs: item.inputIDs, labels: unlabelled))
            text += "answer:\n" + (try sequence(TrainingItem(inputIDs: item.labels, labels: item.labels)))
        }
        return text
    }

    private static func summary(_ item: TrainingItem) -> String {
        "\(item.inputIDs.count) tokens, \(item.labelledCount) trained on"
    }

    /// Text, then tokens; each example of a packed item begins on a line of its own.
    private func sequence(_ item: TrainingItem) throws -> String {
        var text = ""
        var tokens = ""
        var start = 0
        for length in item.packing?.lengths ?? [item.inputIDs.count] {
            let range = start..<start + length
            text += try self.text(item, range) + "\n"
            tokens += try self.tokens(item, range)
            start += length
        }
        return text + "tokens:\n" + tokens
    }

    private func text(_ item: TrainingItem, _ range: Range<Int>) throws -> String {
        var text = ""
        var start = range.lowerBound
        while start < range.upperBound {
            let isTrained = item.labels[start] != ignoredLabel
            var stop = start
            while stop < range.upperBound, (item.labels[stop] != ignoredLabel) == isTrained { stop += 1 }
            let run = Self.visible(
                try tokenizer.decode(Array(item.inputIDs[start..<stop]), skippingSpecialTokens: false))
            text += isTrained ? begin + run + end : run
            start = stop
        }
        return text
    }

    /// Ids with the text of each; a label that is not the token itself stands behind an arrow.
    private func tokens(_ item: TrainingItem, _ range: Range<Int>) throws -> String {
        var lines = ""
        var width = 0
        for index in range {
            let (id, label) = (item.inputIDs[index], item.labels[index])
            let piece = Self.visible(try tokenizer.decode([id], skippingSpecialTokens: false), onOneLine: true)
            var word = "\(id):\(piece)"
            if label != ignoredLabel, label != id { word += "→\(label)" }
            let length = word.count + (label == ignoredLabel || usesColor ? 2 : 4)
            if width > 0, width + length > columns {
                lines += "\n"
                width = 0
            }
            lines += (width == 0 ? "  " : " ") + (label == ignoredLabel ? word : begin + word + end)
            width += length
        }
        return lines + "\n"
    }

    /// Control characters by their pictures: data must not steer the terminal.
    private static func visible(_ text: String, onOneLine: Bool = false) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A where !onOneLine, 0x09 where !onOneLine: result.append(scalar)
            case 0x0A: result.append("⏎")
            case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "␀")
            case 0x7F: result.append("␡")
            case 0x80..<0xA0, 0x202A...0x202E, 0x2066...0x2069: result.append("\u{FFFD}")
            case 0x20 where onOneLine: result.append("␣")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    // MARK: - The whole

    /// What the report says of a part, with a histogram of lengths.
    package func summary(_ report: DataReport, _ part: DataReport.Part) -> String {
        var text = report.sources.flatMap(\.lines).map { $0 + "\n" }.joined()
        text += part.lines[0] + share(of: part) + "\n"
        text += "fully masked items: \(part.itemsWithoutLabels), truncated: \(part.truncatedItems), "
        text += "repeated rows: \(part.duplicates), dropped rows: \(part.drops.reduce(0) { $0 + $1.count })\n"
        for warning in part.warnings { text += "warning: \(warning)\n" }
        return text + histogram(part.lengths)
    }

    private func share(of part: DataReport.Part) -> String {
        guard part.tokens > 0 else { return "" }
        let thousandths = (part.labelledTokens * 1000 + part.tokens / 2) / part.tokens
        return " (\(thousandths / 10).\(thousandths % 10) %)"
    }

    private func histogram(_ lengths: [Int: Int]) -> String {
        let bars = LengthHistogram(lengths).bars
        guard let most = bars.map(\.count).max(), most > 0 else { return "" }
        let labels = bars.map {
            $0.range.lowerBound == $0.range.upperBound
                ? "\($0.range.lowerBound)" : "\($0.range.lowerBound)-\($0.range.upperBound)"
        }
        let wide = labels.map(\.count).max() ?? 0
        let counts = bars.map { "\($0.count)" }
        let countWidth = counts.map(\.count).max() ?? 0
        let room = max(10, columns - wide - countWidth - 4)
        var text = "tokens of a row:\n"
        for (index, bar) in bars.enumerated() {
            let length = bar.count == 0 ? 0 : max(1, bar.count * room / most)
            text += String(repeating: " ", count: wide - labels[index].count) + labels[index] + " "
            text += String(repeating: " ", count: countWidth - counts[index].count) + counts[index] + " "
            text += String(repeating: "#", count: length) + "\n"
        }
        return text
    }
}

/// Lengths in at most sixteen bars of one round width.
package struct LengthHistogram: Hashable, Sendable {
    package struct Bar: Hashable, Sendable {
        package let range: ClosedRange<Int>
        package let count: Int
    }

    package let bars: [Bar]

    /// - Parameter lengths: how many rows have each length
    package init(_ lengths: [Int: Int]) {
        guard let least = lengths.keys.min(), let most = lengths.keys.max() else {
            bars = []
            return
        }
        var width = 1
        while most / width - least / width >= 16 { width *= 2 }
        var counts: [Int: Int] = [:]
        for (length, count) in lengths { counts[length / width, default: 0] += count }
        let (low, high, step) = (least / width, most / width, width)
        bars = (low...high).map { bar in
            Bar(range: bar * step...(bar * step + step - 1), count: counts[bar] ?? 0)
        }
    }
}

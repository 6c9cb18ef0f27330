import RunConfiguration

/// Which files of a repository belong to which split, by the rules of the `datasets` library (`data_files.py`).
struct HubSplits {
    /// A split with the patterns of its files, in the order in which they are read.
    private let splits: [(name: String, patterns: [String])]

    var names: [String] { splits.map(\.name) }

    func patterns(of split: String) -> [String]? { splits.first { $0.name == split }?.patterns }

    private init(_ splits: [(name: String, patterns: [String])]) { self.splits = splits }

    // MARK: - By names

    private static let keywords: [(split: String, words: [String])] = [
        ("train", ["train", "training"]), ("validation", ["validation", "valid", "dev", "val"]),
        ("test", ["test", "testing", "eval", "evaluation"]),
    ]
    private static let separators = "[-._ 0-9]"
    private static let inFolderNames = [
        "**/{word}/**", "**/{word}{sep}*/**", "**/*{sep}{word}/**", "**/*{sep}{word}{sep}*/**",
    ]
    private static let inFileNames = ["**/{word}{sep}*", "**/*{sep}{word}{sep}*"]

    /// Splits that are told by the names of files or folders; everything is `train` where there are none.
    ///
    /// - Parameter paths: relative to where the data begins
    init(namesOf paths: [String]) {
        let shards = "-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]*.*"
        let pattern = GlobPattern("data/*" + shards)
        let names = Set(paths.filter(pattern.matches).compactMap(Self.splitOfShard))
        if !names.isEmpty {
            let known = Self.keywords.map(\.split)
            let sorted = known.filter(names.contains) + names.subtracting(known).sorted()
            self.init(sorted.map { ($0, ["data/" + $0 + shards]) })
            return
        }
        for bases in [Self.inFolderNames, Self.inFileNames] {
            let splits = Self.keywords.map { split, words in
                (name: split, patterns: words.flatMap { word in bases.map { Self.pattern($0, word) } })
            }
            let found = splits.filter { $0.patterns.contains { paths.contains(where: GlobPattern($0).matches) } }
            if !found.isEmpty {
                self.init(found)
                return
            }
        }
        self.init([("train", ["**"])])
    }

    private static func pattern(_ base: String, _ word: String) -> String {
        base.split(separator: "/", omittingEmptySubsequences: false).map { part in
            var text = ""
            var rest = part
            while let first = rest.first {
                if rest.hasPrefix("{word}") {
                    text += word
                    rest = rest.dropFirst("{word}".count)
                } else if rest.hasPrefix("{sep}") {
                    text += separators
                    rest = rest.dropFirst("{sep}".count)
                } else {
                    text.append(first)
                    rest = rest.dropFirst()
                }
            }
            return text
        }.joined(separator: "/")
    }

    /// `train` of `data/train-00000-of-00002.parquet`.
    private static func splitOfShard(_ path: String) -> String? {
        guard let name = path.split(separator: "/").last, let mark = HubShard(String(name)) else { return nil }
        return mark.stem
    }

    // MARK: - By the repository's card

    /// One entry under `configs` of README.md.
    struct Subset {
        let name: String
        let isDefault: Bool
        let splits: HubSplits?
        /// Where the patterns begin.
        let folder: String?
    }

    /// The subsets that the head of README.md describes; none where it has no such head.
    ///
    /// - Throws: the reason, as a text for people
    static func subsets(card: String) throws(HubCardError) -> [Subset] {
        let lines = card.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasSuffix("\r") ? line.dropLast() : line
        }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return [] }
        let head = lines[1..<end]
        // Nothing else in it says where files are, so what else is wrong there does not matter.
        guard head.contains(where: { $0.hasPrefix("configs:") }) else { return [] }
        let values: [LocatedValue]
        do {
            values = try LocatedValue.all(yaml: head.joined(separator: "\n"), name: "README.md")
        } catch {
            throw HubCardError("its head is not understood: \(error)")
        }
        guard let value = values.first(where: { $0.keys == ["configs"] })?.value else { return [] }
        guard case .list(let entries) = value else { throw HubCardError("`configs` must be a list") }
        var subsets: [Subset] = []
        for entry in entries { subsets.append(try subset(entry)) }
        return subsets
    }

    private static func subset(_ entry: ConfigurationValue) throws(HubCardError) -> Subset {
        guard let name = entry["config_name"]?.text else {
            throw HubCardError("an entry under `configs` has no `config_name`")
        }
        var splits: HubSplits?
        if let files = entry["data_files"], files != .null { splits = HubSplits(try self.splits(files, of: name)) }
        return Subset(
            name: name, isDefault: entry["default"] == .bool(true), splits: splits, folder: entry["data_dir"]?.text)
    }

    private static func splits(
        _ files: ConfigurationValue, of subset: String
    ) throws(HubCardError) -> [(name: String, patterns: [String])] {
        if let patterns = files.texts { return [("train", patterns)] }
        guard case .list(let entries) = files else { throw unreadable(subset) }
        var splits: [(name: String, patterns: [String])] = []
        for entry in entries {
            guard let split = entry["split"]?.text, let patterns = entry["path"]?.texts else {
                throw unreadable(subset)
            }
            guard !splits.contains(where: { $0.name == split }) else {
                throw HubCardError("`data_files` of `\(subset)` names the split `\(split)` twice")
            }
            splits.append((split, patterns))
        }
        return splits
    }

    private static func unreadable(_ subset: String) -> HubCardError {
        HubCardError("`data_files` of `\(subset)` must be a path, a list of paths, or a list of `split` and `path`")
    }
}

/// What is wrong with a repository's README.md.
struct HubCardError: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// The mark of a file that holds one part of several: `train-00000-of-00002.parquet`.
struct HubShard: Hashable {
    let stem: String
    let number: Int
    let count: Int
    /// What follows the numbers.
    let ending: String

    init?(_ name: String) {
        let bytes = Array(name.utf8)
        let mark = Array("-of-".utf8)
        // From the back, as the name itself may look like a mark.
        for place in stride(from: bytes.count - 4, through: 6, by: -1)
        where bytes[place..<place + 4].elementsEqual(mark) && bytes[place - 6] == UInt8(ascii: "-") {
            let digits = bytes[(place + 4)...].prefix { (0x30...0x39).contains($0) }
            guard let number = Int(String(decoding: bytes[place - 5..<place], as: UTF8.self)), number >= 0,
                digits.count >= 5, let count = Int(String(decoding: digits, as: UTF8.self))
            else { continue }
            stem = String(decoding: bytes[..<(place - 6)], as: UTF8.self)
            (self.number, self.count) = (number, count)
            ending = String(decoding: bytes[digits.endIndex...], as: UTF8.self)
            return
        }
        return nil
    }
}

extension ConfigurationValue {
    fileprivate var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A text or a list of texts.
    fileprivate var texts: [String]? {
        if let text { return [text] }
        guard case .list(let values) = self else { return nil }
        let texts = values.compactMap(\.text)
        return texts.count == values.count ? texts : nil
    }
}

import CYAML

/// Reads one YAML or JSON document into nodes with places; the only file that touches libyaml.
///
/// What comes in may be hostile, so there are limits: size, depth, no aliases to collections (they are how a
/// kilobyte becomes a gigabyte), no duplicate keys and none but the core tags.
enum YAMLDocument {
    static let largestSize = 1 << 20
    static let largestDepth = 64
    /// More values than any real configuration has; bounds the memory of a file of commas.
    static let mostNodes = 100_000

    /// The document's root, or nil when the text holds no document.
    static func parse(_ text: String, source: ConfigurationPlace.Source) throws(ConfigurationError)
        -> ConfigurationNode?
    {
        // YAML 1.2, 5.2: a byte order mark may stand before a document.
        var text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        let size = text.utf8.count
        guard size <= largestSize else {
            throw ConfigurationError(
                .syntax("the text has \(size) bytes; at most \(largestSize) are read"),
                place: ConfigurationPlace(source: source))
        }
        let outcome = text.withUTF8 { bytes in
            Result<ConfigurationNode?, ConfigurationError> { () throws(ConfigurationError) in
                let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
                defer { parser.deallocate() }
                guard yaml_parser_initialize(parser) == 1 else {
                    throw ConfigurationError(.syntax("no memory for the YAML parser"))
                }
                defer { yaml_parser_delete(parser) }
                yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
                yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
                var reader = YAMLReader(source: source, parser: parser)
                return try reader.read()
            }
        }
        return try outcome.get()
    }
}

/// Walks libyaml's events and builds nodes.
private struct YAMLReader {
    let source: ConfigurationPlace.Source
    /// On the heap, because libyaml keeps the parser's own address for its input handler.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: Anchor] = [:]
    private var nodes = 0

    private enum Anchor {
        case scalar(ConfigurationNode)
        case collection
    }

    init(source: ConfigurationPlace.Source, parser: UnsafeMutablePointer<yaml_parser_t>) {
        self.source = source
        self.parser = parser
    }

    /// The events this reader tells apart, copied out of libyaml's union.
    private enum Event {
        case stream
        case documentStart
        case documentEnd
        case streamEnd
        case alias(String)
        case scalar(text: String, tag: String?, anchor: String?, isPlain: Bool)
        case listStart(tag: String?, anchor: String?)
        case listEnd
        case mappingStart(tag: String?, anchor: String?)
        case mappingEnd
    }

    mutating func read() throws(ConfigurationError) -> ConfigurationNode? {
        var root: ConfigurationNode?
        while true {
            let (event, place) = try next()
            switch event {
            case .stream, .documentEnd: continue
            case .streamEnd: return root
            case .documentStart:
                guard root == nil else { throw failure("a second document starts here; only one is read", place) }
                let (first, firstPlace) = try next()
                root = try node(first, firstPlace, depth: 1)
            default: throw failure("unexpected YAML structure", place)
            }
        }
    }

    private mutating func node(_ event: Event, _ place: ConfigurationPlace, depth: Int) throws(ConfigurationError)
        -> ConfigurationNode
    {
        nodes += 1
        guard nodes <= YAMLDocument.mostNodes else {
            throw failure("more than \(YAMLDocument.mostNodes) values; a configuration is smaller", place)
        }
        switch event {
        case .alias(let name):
            switch anchors[name] {
            case .scalar(let node): return ConfigurationNode(content: node.content, text: node.text, place: place)
            case .collection: throw failure("the alias `*\(name)` stands for a collection; write it out", place)
            case nil: throw failure("the alias `*\(name)` names no anchor above it", place)
            }
        case .scalar(let text, let tag, let anchor, let isPlain):
            let node = ConfigurationNode(
                content: .scalar(try scalar(text, tag: tag, isPlain: isPlain, place)), text: text, place: place)
            if let anchor { anchors[anchor] = .scalar(node) }
            return node
        case .listStart(let tag, let anchor):
            try checkCollection(tag, anchor, allowed: "seq", depth, place)
            var items: [ConfigurationNode] = []
            while true {
                let (event, place) = try next()
                if case .listEnd = event { break }
                items.append(try node(event, place, depth: depth + 1))
            }
            return ConfigurationNode(content: .list(items), text: nil, place: place)
        case .mappingStart(let tag, let anchor):
            try checkCollection(tag, anchor, allowed: "map", depth, place)
            return ConfigurationNode(content: .mapping(try entries(depth: depth)), text: nil, place: place)
        default: throw failure("unexpected YAML structure", place)
        }
    }

    private mutating func entries(depth: Int) throws(ConfigurationError) -> [ConfigurationNode.Entry] {
        var entries: [ConfigurationNode.Entry] = []
        var seen: Set<String> = []
        while true {
            let (event, place) = try next()
            if case .mappingEnd = event { return entries }
            guard case .scalar(let key, _, _, _) = event else {
                throw failure("a key must be plain text", place)
            }
            guard key != "<<" else { throw failure("merge keys (<<) are not read; write the keys out", place) }
            guard seen.insert(key).inserted else {
                throw ConfigurationError(.givenTwice(firstAs: key), parameter: key, place: place)
            }
            let (valueEvent, valuePlace) = try next()
            let value = try node(valueEvent, valuePlace, depth: depth + 1)
            entries.append(.init(key: key, keyPlace: place, node: value))
        }
    }

    private mutating func checkCollection(
        _ tag: String?, _ anchor: String?, allowed: String, _ depth: Int, _ place: ConfigurationPlace
    ) throws(ConfigurationError) {
        guard depth <= YAMLDocument.largestDepth else {
            throw failure("nested deeper than \(YAMLDocument.largestDepth) levels", place)
        }
        if let anchor { anchors[anchor] = .collection }
        guard let tag, tag != "!", tag != "tag:yaml.org,2002:\(allowed)" else { return }
        throw failure("the tag `\(tag)` is not one of YAML's own", place)
    }

    private func scalar(_ text: String, tag: String?, isPlain: Bool, _ place: ConfigurationPlace)
        throws(ConfigurationError) -> ConfigurationValue
    {
        switch tag {
        case nil: return isPlain ? PlainScalar.value(of: text) : .string(text)
        case "!", "tag:yaml.org,2002:str": return .string(text)
        case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null":
            return PlainScalar.value(of: text)
        case .some(let tag): throw failure("the tag `\(tag)` is not one of YAML's own", place)
        }
    }

    private mutating func next() throws(ConfigurationError) -> (Event, ConfigurationPlace) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw parserFailure() }
        defer { yaml_event_delete(&event) }
        let place = ConfigurationPlace(
            source: source, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
        switch event.type {
        case YAML_STREAM_START_EVENT: return (.stream, place)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return (.streamEnd, place)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, place)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, place)
        case YAML_ALIAS_EVENT: return (.alias(string(event.data.alias.anchor) ?? ""), place)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let copied = Event.scalar(
                text: String(decoding: bytes, as: UTF8.self), tag: string(scalar.tag), anchor: string(scalar.anchor),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            return (copied, place)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return (.listStart(tag: string(start.tag), anchor: string(start.anchor)), place)
        case YAML_SEQUENCE_END_EVENT: return (.listEnd, place)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return (.mappingStart(tag: string(start.tag), anchor: string(start.anchor)), place)
        case YAML_MAPPING_END_EVENT: return (.mappingEnd, place)
        default: throw failure("unexpected YAML structure", place)
        }
    }

    private func string(_ bytes: UnsafeMutablePointer<UInt8>?) -> String? {
        bytes.map { String(decodingCString: UnsafePointer($0), as: UTF8.self) }
    }

    private func parserFailure() -> ConfigurationError {
        let reason = parser.pointee.problem.map { String(cString: $0) } ?? "unreadable"
        let context = parser.pointee.context.map { String(cString: $0) + ": " } ?? ""
        let mark = parser.pointee.problem_mark
        return failure(
            "not valid YAML: \(context)\(reason)",
            ConfigurationPlace(source: source, line: Int(mark.line) + 1, column: Int(mark.column) + 1))
    }

    private func failure(_ reason: String, _ place: ConfigurationPlace) -> ConfigurationError {
        ConfigurationError(.syntax(reason), place: place)
    }
}

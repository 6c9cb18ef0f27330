/// Where a value was written: a line of a file, an override's number, or inside an object that came by RPC.
package struct ConfigurationPlace: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        case file(String)
        /// `key=value` overrides are counted from 1.
        case override(Int)
        case object
    }

    package let source: Source
    /// Counted from 1; nil where lines make no sense.
    package let line: Int?
    /// Counted from 1, in characters.
    package let column: Int?

    package init(source: Source, line: Int? = nil, column: Int? = nil) {
        self.source = source
        self.line = line
        self.column = column
    }
}

extension ConfigurationPlace: CustomStringConvertible {
    package var description: String {
        let name =
            switch source {
            case .file(let name): name
            case .override(let number): "override \(number)"
            case .object: "configuration object"
            }
        guard let line else { return name }
        guard let column else { return "\(name):\(line)" }
        return "\(name):\(line):\(column)"
    }
}

/// A value with its place and, for unquoted scalars, the text it was written as.
struct ConfigurationNode: Sendable {
    indirect enum Content: Sendable {
        case scalar(ConfigurationValue)
        case list([ConfigurationNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        let key: String
        let keyPlace: ConfigurationPlace
        let node: ConfigurationNode
    }

    let content: Content
    /// The source text of a scalar: `no` stays `no` although it reads as false.
    let text: String?
    let place: ConfigurationPlace

    var value: ConfigurationValue {
        switch content {
        case .scalar(let value): value
        case .list(let items): .list(items.map(\.value))
        case .mapping(let entries): .mapping(entries.map { .init($0.key, $0.node.value) })
        }
    }

    init(content: Content, text: String?, place: ConfigurationPlace) {
        self.content = content
        self.text = text
        self.place = place
    }

    /// A node for plain data that has no lines.
    init(_ value: ConfigurationValue, place: ConfigurationPlace) {
        self.place = place
        switch value {
        case .list(let items):
            content = .list(items.map { ConfigurationNode($0, place: place) })
            text = nil
        case .mapping(let entries):
            content = .mapping(
                entries.map { Entry(key: $0.key, keyPlace: place, node: ConfigurationNode($0.value, place: place)) })
            text = nil
        default:
            content = .scalar(value)
            text = value.description
        }
    }
}

extension Parameters {
    /// The table as a JSON Schema (2020-12) of a configuration object.
    package static var schema: ConfigurationValue {
        .mapping([
            .init("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            .init("title", .string("finetuned run configuration")),
            .init("type", .string("object")),
            .init("properties", .mapping(all.flatMap(\.schemaEntries))),
            .init("additionalProperties", .bool(false)),
        ])
    }

    /// The table as `tunectl params --json` prints it.
    package static var listing: ConfigurationValue {
        .list(all.map(\.listing))
    }
}

extension ParameterDescription {
    /// The row as `tunectl params --json` prints it.
    package var listing: ConfigurationValue {
        .mapping([
            .init("name", .string(name)),
            .init("group", .string(group.rawValue)),
            .init("type", .string(typeName)),
            .init("default", defaultValue),
            .init("choices", choices.isEmpty ? .null : .list(choices.map(ConfigurationValue.string))),
            .init("help", .string(help)),
            .init("effect", .string(effectSummary)),
            .init("aliases", .list(aliases.map(ConfigurationValue.string))),
            .init("range", range.map { .string($0.summary) } ?? .null),
        ])
    }

    /// One property for the name and one for each alias.
    fileprivate var schemaEntries: [ConfigurationValue.Entry] {
        ([name] + aliases).map { .init($0, schema) }
    }

    private var schema: ConfigurationValue {
        var entries: [ConfigurationValue.Entry] = [
            .init("type", schemaTypes.count == 1 ? .string(schemaTypes[0]) : .list(schemaTypes.map { .string($0) })),
            .init("description", .string(help)),
            .init("default", defaultValue),
        ]
        // Lists and words that read as numbers are told by their type alone.
        if !choices.isEmpty, schemaTypes.first == "string" {
            let words = choices.map(ConfigurationValue.string)
            entries.append(.init("enum", .list(schemaTypes.contains("null") ? words + [.null] : words)))
        }
        switch range {
        case .atLeast(let lower): entries.append(.init("minimum", .number(lower)))
        case .above(let lower): entries.append(.init("exclusiveMinimum", .number(lower)))
        case .within(let lower, let upper):
            entries += [.init("minimum", .number(lower)), .init("maximum", .number(upper))]
        case .from(let lower, let upper):
            entries += [.init("minimum", .number(lower)), .init("exclusiveMaximum", .number(upper))]
        case nil: break
        }
        return .mapping(entries)
    }
}

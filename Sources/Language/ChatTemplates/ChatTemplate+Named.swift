extension ChatTemplate {
    /// Every template that can be named, in order of name.
    package static let all = ChatTemplateTable.all()

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The template registered as `name`.
    package static func named(_ name: String) throws -> ChatTemplate {
        if let template = byName[name] { return template }
        if name == "none" { throw ChatTemplateError.templateNone }
        throw ChatTemplateError.unknownTemplate(name: name, nearest: nearestName(to: name))
    }

    /// The registered name with the fewest edits, if it is close enough to be meant.
    private static func nearestName(to name: String) -> String? {
        let wanted = Array(name.utf8.prefix(64))
        let distances = all.map { (editDistance(wanted, Array($0.name.utf8)), $0.name) }
        guard let best = distances.min(by: { $0.0 < $1.0 }), best.0 <= max(2, wanted.count / 3) else { return nil }
        return best.1
    }

    private static func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var row = Array(0...second.count)
        for (i, a) in first.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in second.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[second.count]
    }
}

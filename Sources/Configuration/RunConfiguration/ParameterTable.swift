/// The one table of parameters: every row is a constant of this type, listed once in its group's file.
package enum Parameters {
    /// Every parameter, in the order of the groups' files.
    package static let all: [ParameterDescription] =
        methodRows + trainingRows + optimizationRows + loggingRows + evaluatingRows + savingRows + dataRows + modelRows
        + loraRows + freezeRows + badamRows + galoreRows + rlhfRows + generatingRows + quantizationRows
        + multimodalRows + vllmRows + exportRows + evaluationRows + distributedRows

    /// Rows under their name and every alias.
    static let byName: [String: ParameterDescription] = {
        var rows: [String: ParameterDescription] = [:]
        for row in all {
            for name in [row.name] + row.aliases { rows[name] = row }
        }
        return rows
    }()

    /// The row of `name`, which may be an alias.
    package static func named(_ name: String) -> ParameterDescription? {
        byName[name]
    }

    /// The known name closest to `name`, if any is close enough to be meant.
    package static func nearestName(to name: String) -> String? {
        let name = String(name.lowercased().prefix(64))
        let limit = max(2, name.utf8.count / 3)
        return byName.keys
            .map { (name: $0, distance: EditDistance.between(name, $0, atMost: limit)) }
            .filter { $0.distance <= limit }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
            .name
    }
}

package import Datasets

/// Why a stage cannot learn from what it got.
package enum StageError: Error, CustomStringConvertible {
    case notAvailable(String, available: [String])
    case wrongItem(stage: String, expected: PreparedItem.Kind, found: PreparedItem.Kind)
    /// The learner lacks something that the stage needs.
    case missingPart(stage: String, part: String)

    package var description: String {
        switch self {
        case .notAvailable(let stage, let available):
            "the stage `\(stage)` is not available (use \(available.map { "`\($0)`" }.joined(separator: ", ")))"
        case .wrongItem(let stage, let expected, let found):
            "stage `\(stage)` learns from items of the kind \"\(expected.rawValue)\", but the data have one of the kind "
                + "\"\(found.rawValue)\" (prepare them for this stage: with another `tokenized_path`, or with "
                + "`overwrite_cache: true`)"
        case .missingPart(let stage, let part): "stage `\(stage)` needs a \(part), which the model was loaded without"
        }
    }
}

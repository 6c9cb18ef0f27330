/// Why a model cannot be exported.
package enum ExportError: Error, CustomStringConvertible {
    /// The folder holds what the export is made from.
    case targetIsSource(path: String, parameter: String)
    /// The folder holds a model that no export has written.
    case targetHoldsModel(path: String, file: String)
    /// What was written does not say what it was made from says.
    case differs(what: String)

    package var description: String {
        switch self {
        case .targetIsSource(let path, let parameter):
            "`export_dir` \(path) is the folder that `\(parameter)` is read from, which the export would overwrite; "
                + "give another `export_dir`"
        case .targetHoldsModel(let path, let file):
            "`export_dir` \(path) holds \(file), which no export has written; give another `export_dir`, or set "
                + "`overwrite_output_dir: true` to replace it"
        case .differs(let what):
            "the exported model does not answer as what it was made from: \(what); nothing was put into `export_dir` "
                + "(`export_verify: false` writes it all the same)"
        }
    }
}

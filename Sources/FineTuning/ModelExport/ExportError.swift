/// Why a model cannot be exported.
package enum ExportError: Error, CustomStringConvertible {
    /// The folder holds what the export is made from.
    case targetIsSource(path: String, parameter: String)
    /// The folder holds a model that no export has written.
    case targetHoldsModel(path: String, file: String)
    /// The base is quantized already.
    case packedBase(path: String, packing: String)
    /// What needs a tokenizer, where there is none.
    case noTokenizer(for: String)
    /// Data to calibrate on without texts.
    case noTextColumn(path: String, column: String)
    case textsTooShort(path: String, length: Int)
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
        case .packedBase(let path, let packing):
            "`model_name_or_path` \(path) is quantized already (\(packing)); adapters are merged into the model that it was "
                + "made of, and quantized with it: give that one, and `export_quantization_bit` or `export_gguf`"
        case .noTokenizer(let what):
            "\(what) needs the model's tokenizer, and there is none; put its tokenizer.json beside it"
        case .noTextColumn(let path, let column):
            "`export_quantization_dataset` \(path) has a row without the text '\(column)' to calibrate on"
        case .textsTooShort(let path, let length):
            "`export_quantization_dataset` \(path) has too few texts of more than \(length) tokens; decrease "
                + "`export_quantization_maxlen`, or give longer texts"
        case .differs(let what):
            "the exported model does not answer as what it was made from: \(what); nothing was put into `export_dir` "
                + "(`export_verify: false` writes it all the same)"
        }
    }
}

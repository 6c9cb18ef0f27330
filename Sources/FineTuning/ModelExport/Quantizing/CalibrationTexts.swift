import Datasets
import JSONDocuments
import RunConfiguration
import Tokenization
import TrainingLoop

/// The texts that a quantized export is calibrated on: windows of equal length out of documents drawn at random.
enum CalibrationTexts {
    private static let column = "text"
    private static let seed: UInt32 = 42
    /// Documents that are looked at for one text.
    private static let attempts = 101

    /// - Returns: `export_quantization_nsamples` texts of `export_quantization_maxlen` tokens
    static func samples(
        _ configuration: RunConfiguration, _ tokenizer: Tokenizer, paths: PathResolver
    ) throws -> [[Int32]] {
        let name = configuration[Parameters.exportQuantizationDataset] ?? ""
        let path = try paths.absolute(name, parameter: Parameters.exportQuantizationDataset.name)
        let rows = try RowTable(files: [DataFile(path: path, inFolder: false)])
        let length = configuration[Parameters.exportQuantizationMaxlen]
        var random = MersenneTwister(seed: seed)
        return try (0..<configuration[Parameters.exportQuantizationNsamples]).map { _ in
            for _ in 0..<attempts {
                let row = random.next(through: rows.count - 1)
                guard let text = try rows.row(row)[column]?.string else {
                    throw ExportError.noTextColumn(path: path, column: column)
                }
                let ids = try tokenizer.encode(text, addingSpecialTokens: true)
                guard ids.count > length else { continue }
                let start = random.next(through: ids.count - length - 1)
                return Array(ids[start..<start + length])
            }
            throw ExportError.textsTooShort(path: path, length: length)
        }
    }
}

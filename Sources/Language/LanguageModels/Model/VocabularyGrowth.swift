import Tensors

/// Rows that a model's token embedding and output head get for tokens that they do not know.
package struct VocabularyGrowth: Equatable, Sendable {
    /// Rows that are needed; fewer than there are leave their number.
    package var rows: Int
    /// Tokens that are new, whether or not there is a row for them already.
    package var tokens: [Int32]
    /// For new tokens that are described: the tokens of the description.
    package var descriptions: [Int32: [Int32]]
    /// Whether noise goes on means of whole matrices, and on means of descriptions.
    package var noise: Noise
    package var seed: UInt64

    package struct Noise: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        package static let onMeans = Noise(rawValue: 1)
        package static let onDescriptions = Noise(rawValue: 2)
    }

    package init(
        rows: Int, tokens: [Int32] = [], descriptions: [Int32: [Int32]] = [:], noise: Noise = [], seed: UInt64 = 0
    ) {
        self.rows = rows
        self.tokens = tokens
        self.descriptions = descriptions
        self.noise = noise
        self.seed = seed
    }

    /// Rows in a multiple of 64, as transformers pads a vocabulary that it resizes.
    package static func paddedRows(_ count: Int) -> Int { (count + 63) / 64 * 64 }
}

extension DecoderModel {
    /// The same model with rows for new tokens in its embedding and, where that is a matrix of its own, in its head.
    ///
    /// A new row is the mean of those that were there, or of its description's tokens in the embedding, with noise of
    /// N(0, 1/sqrt(hidden)) on request (finetuning, 5.9). What is not new stays as it was, bit for bit. Frozen matrices
    /// only.
    /// - Throws: `TensorError` for quantized matrices
    package func growing(_ growth: VocabularyGrowth) throws -> DecoderModel {
        let before = self.configuration.vocabularySize
        let size = max(before, growth.rows)
        let added = Set(growth.tokens.map { Int($0) }.filter { $0 < size }).union(before..<size).sorted()
        guard !added.isEmpty else { return self }
        var configuration = self.configuration
        configuration.vocabularySize = size
        let embeddingName = "\(embeddingPath).weight"
        let names = configuration.tiesEmbeddings ? [embeddingName] : [embeddingName, "\(headPath).weight"]
        guard case .frozen(let embedding)? = tensors.first(where: { $0.name == embeddingName })?.value else {
            throw TensorError.invalidArgument(
                operation: "grow the vocabulary", name: "embedding", value: "trainable", expected: "a frozen matrix")
        }
        var values: [String: Matrix] = [:]
        for (name, value) in tensors {
            guard names.contains(name), case .frozen(let weight) = value else {
                values[name] = value
                continue
            }
            let numbers = try growth.numbers(of: added, in: weight, embedding: embedding)
            values[name] = .frozen(try weight.withRows(count: size, replacing: added, by: numbers))
        }
        return try DecoderModel(configuration, source: NamedTensors(values: values))
    }
}

extension VocabularyGrowth {
    /// The new rows of a matrix, `(rows.count, columns)`.
    fileprivate func numbers(of rows: [Int], in weight: Weight, embedding: Weight) throws -> Tensor {
        let (result, width) = (Tensor(zeros: [rows.count, weight.columns]), weight.columns)
        guard !Rehearsal.isActive else { return result }
        let mean = weight.meanRow(leavingOut: Set(rows))
        let deviation = 1 / Float(width).squareRoot()
        let known = embedding.rows
        for (position, row) in rows.enumerated() {
            let described = descriptions[Int32(row)]?.map { Int($0) }.filter {
                $0 < known && !tokens.contains(Int32($0))
            }
            let hasDescription = described?.isEmpty == false
            let middle = hasDescription ? try embedding.meanRow(of: described ?? []) : mean
            let isNoisy = noise.contains(hasDescription ? .onDescriptions : .onMeans)
            let noise =
                isNoisy
                ? Tensor.normal([width], standardDeviation: deviation, seed: seed, name: "\(weight.name) row \(row)")
                : nil
            for column in 0..<width { result[position * width + column] = middle[column] + (noise?[column] ?? 0) }
        }
        return result
    }
}

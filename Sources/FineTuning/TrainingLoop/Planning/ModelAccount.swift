import Datasets
import LanguageModels
import Tensors

/// What a run's model holds in memory, from its own tensors.
struct ModelAccount: Equatable, Sendable {
    var trainableCount = 0
    var parameterCount = 0
    /// Bytes of what is trained.
    var parameters = 0
    /// Bytes of frozen weights that exist in memory only, such as merged ones.
    var copiedWeights = 0
    /// Bytes of frozen weights that are read from their files.
    var mappedWeights = 0

    /// - Parameters:
    ///   - built: bytes of tensors that were made in building it
    ///   - rows: all that the run is going to read
    init(_ model: RunModel, built: Int, rows: [TrainingItem]) {
        trainableCount = model.trainableCount
        parameterCount = model.count
        parameters = model.parameters.reduce(0) { $0 + $1.value.byteCount }
        copiedWeights = max(0, built - parameters)
        let stored = model.frozen.reduce(0) { $0 + $1.byteCount }
        mappedWeights = max(0, stored - copiedWeights - (copiedWeights == 0 ? Self.unread(model, rows) : 0))
    }

    /// Bytes of a frozen embedding that no token of the data refers to, when it is not the output head as well.
    private static func unread(_ model: RunModel, _ rows: [TrainingItem]) -> Int {
        let base = model.trainable.base
        guard !base.configuration.tiesEmbeddings, let table = base.tensors.first?.value, table.parameterToTrain == nil
        else { return 0 }
        // The kernel maps sixteen pages around the one that is asked for (`fault_around_bytes`).
        let (block, row) = (65536, table.byteCount / max(1, table.rows))
        var blocks: Set<Int> = []
        for item in rows {
            for id in item.inputIDs {
                let start = Int(id) * row
                for number in start / block...(start + row) / block { blocks.insert(number) }
            }
        }
        return max(0, table.byteCount - blocks.count * block)
    }
}

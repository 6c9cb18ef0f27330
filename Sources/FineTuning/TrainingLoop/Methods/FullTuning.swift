import RunConfiguration

/// `finetuning_type: full`: every tensor is trained.
enum FullTuning: TuningMethod {
    static let name = FinetuningType.full

    static func prepare(_ start: TuningStart) throws -> TrainableModel.Parts {
        TrainableModel.Parts(base: try start.model { _ in true })
    }
}

import ChatTemplates
import Checkpoints
import Datasets
import Glibc
import LinuxSystem
import ModelExport
import Optimizers
import ServiceAPI
import Tokenization
import TrainingLoop
import TrainingStages

extension ServiceError {
    /// What a client is told of an error that ended a training job or a preview.
    init(trainingFailure error: any Error) {
        switch error {
        case let error as CheckpointError:
            self.init(Self.kind(of: error), error.description)
            if case .diskFull(_, let needed, let available) = error {
                (neededBytes, availableBytes) = (needed, available)
            }
        case let error as TrainingError: self.init(Self.kind(of: error), error.description)
        case let error as DataError:
            let kind = Self.kind(of: error)
            self.init(kind, error.description, hint: kind == .permission ? Self.waysToReading : nil)
            if case .cannotSave(_, let cause) = error, cause.isDiskFull {
                availableBytes = FileSystem.availableBytes(at: Path.parent(of: cause.subject ?? "/"))
            }
        case let error as ExportError: self.init(Self.kind(of: error), error.description, field: "export_dir")
        case let error as StageError: self.init(Self.kind(of: error), error.description)
        case let error as OptimizerError: self.init(.badConfig, error.description)
        case let error as TuningError: self.init(.badConfig, error.description)
        default: self.init(modelFailure: error)
        }
    }

    private static func kind(of error: CheckpointError) -> ErrorKind {
        switch error {
        case .diskFull: .diskFull
        case .cannotWrite(_, let cause): ErrorKind(cause)
        case .notFound, .nothingToResume: .notFound
        case .outputNotEmpty: .badConfig
        case .noManifest, .damaged, .withoutOptimizer, .doesNotFit: .badModel
        }
    }

    private static func kind(of error: TrainingError) -> ErrorKind {
        switch error {
        case .notFinite: .notFinite
        case .noTrainingItems, .noEvaluationItems: .badData
        case .relativePathWithoutWorkingDirectory, .metricMissing, .nothingToDo: .badConfig
        case .cannotDraw: .internalError
        }
    }

    private static func kind(of error: ExportError) -> ErrorKind {
        switch error {
        case .targetIsSource, .targetHoldsModel: .badConfig
        case .differs, .noTokenizer: .badModel
        case .packedBase: .badConfig
        case .noTextColumn, .textsTooShort: .badData
        }
    }

    private static func kind(of error: StageError) -> ErrorKind {
        switch error {
        case .notAvailable: .notAvailable
        case .wrongItem: .badData
        case .missingPart: .badModel
        }
    }

    private static func kind(of error: DataError) -> ErrorKind {
        switch error {
        case .fileNotFound, .noDescriptionFile: .notFound
        case .notAvailable, .badProbabilities, .badValidationSize, .noDatasets, .tooManySteps: .badConfig
        case .cannotSave(_, let error): ErrorKind(error)
        case .unreadable(_, let cause): cause.isNotFound || cause.code == EISDIR ? .badData : ErrorKind(cause)
        default: .badData
        }
    }
}

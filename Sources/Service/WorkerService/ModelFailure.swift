import Adapters
import ChatTemplates
import Checkpoints
import JSONDocuments
import JSONRPC
import LanguageModels
import LinuxSystem
import RunConfiguration
import ServiceAPI
import Tensors
import TextGeneration
import Tokenization
import WeightFiles

extension ServiceError {
    /// What a client is told of an error that a request to a model met.
    init(modelFailure error: any Error) {
        switch error {
        case let error as ServiceError: self = error
        case let error as ConfigurationError:
            self.init(
                .badConfig, error.problem, hint: error.hint, field: error.parameter, file: error.file, line: error.line,
                column: error.column)
        case let error as ModelFolder.NotFound:
            self.init(
                error.blocked == nil ? .notFound : .permission, error.description,
                hint: error.blocked == nil ? nil : Self.waysToReading)
        case TokenizerError.unreadable(let cause): self.init(modelFailure: cause)
        case let error as WeightFileError: self.init(Self.kind(of: error), error.description)
        case let error as SystemError where error.isPermission && error.subject != nil:
            let caller = ReadingRights.user.map { " for \(ServiceUser.description(of: $0))" } ?? ""
            self.init(.permission, "\(error), as \(ServiceUser.description)\(caller)", hint: Self.waysToReading)
        case let error as SystemError: self.init(Self.kind(of: error), error.description)
        case let error as SafetensorsError: self.init(.badModel, error.description, file: error.file)
        case let error as GGUFError: self.init(.badModel, error.description, file: error.file)
        case is ModelConfigurationError, is ModelLoadingError, is PyTorchFileError, is ZipError, is GroupedCodeError,
            is AdapterError, is TokenizerError, is TensorError, is QuantizationError:
            self.init(.badModel, "\(error)")
        case let error as CheckpointError: self.init(.badModel, error.description)
        case let error as NotFiniteTensor: self.init(.notFinite, error.description, file: error.file)
        case let error as ChatTemplateError: self.init(.badConfig, error.description, field: "template")
        case let error as GenerationError: self.init(.badRequest, error.description)
        case is JSONError, is DecodingError: self.init(.badRequest, "the request's parameters cannot be read: \(error)")
        default: self.init(.internalError, "\(error)")
        }
    }

    /// What to do when the service's user may not read something.
    static let waysToReading =
        "either submit with tunectl, which passes the regular files that you may read, or run the service as yourself: "
        + "systemctl --user start finetuned"

    private static func kind(of error: WeightFileError) -> ErrorKind {
        switch error {
        case .noWeights: .notFound
        default: .badModel
        }
    }

    private static func kind(of error: SystemError) -> ErrorKind {
        let kind = ErrorKind(error)
        // A folder in place of a file, a link to itself: something is wrong with what was given.
        return kind == .internalError ? .badModel : kind
    }
}

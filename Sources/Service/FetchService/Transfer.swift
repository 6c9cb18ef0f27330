import HubTransfer
import JSONDocuments
import JSONRPC
import LinuxSystem
import ServiceAPI

/// A request that was found to be in order, ready to be carried out.
enum Transfer: Sendable {
    case pull(Pull, HubAccess)
    case push(Push, HubAccess)

    /// - Throws: `ServiceError` or `HubError` for a request that cannot be carried out
    init(_ request: IncomingRequest, isService: Bool, _ cancellation: Cancellation) throws {
        let parameters = request.parameters ?? .object([:])
        switch request.method {
        case HubPull.name:
            self = try .init(parameters.decoded(as: HubPull.Parameters.self), isService: isService, cancellation)
        case HubPush.name:
            guard !isService else {
                throw ServiceError(
                    .permission, "the service uploads nothing, for it would read files with its own rights",
                    hint: "tunectl push does it as the user who calls it")
            }
            self = try .init(parameters.decoded(as: HubPush.Parameters.self), cancellation)
        default: throw ServiceError(.badRequest, "there is no method \(request.method)")
        }
    }

    private init(_ parameters: HubPull.Parameters, isService: Bool, _ cancellation: Cancellation) throws {
        guard !isService || parameters.cacheFolder == nil else {
            throw ServiceError(
                .permission, "the service downloads into its own cache only", hint: "leave out cache_dir",
                field: "cache_dir")
        }
        let environment = EnvironmentVariables.ofProcess
        let (hub, content) = try Self.place(parameters.hub, parameters.content)
        let cache = HubCache(hub, cacheFolder: parameters.cacheFolder, environment: environment)
        var pull = try Pull(HubRepository(hub, content, parameters.name), revision: parameters.revision, into: cache)
        pull.patterns = PathPatterns(included: parameters.include ?? [], excluded: parameters.exclude ?? [])
        pull.again = parameters.force ?? false
        pull.isOffline = Hub.isOffline(environment)
        self = .pull(pull, try Self.access(hub, parameters.token, environment, cancellation))
    }

    private init(_ parameters: HubPush.Parameters, _ cancellation: Cancellation) throws {
        let environment = EnvironmentVariables.ofProcess
        guard !Hub.isOffline(environment) else {
            throw ServiceError(
                .notAvailable, "HF_HUB_OFFLINE is on, so nothing is uploaded", hint: "unset it for this command")
        }
        let (hub, content) = try Self.place(parameters.hub, parameters.content)
        var push = try Push(
            hub, content, parameters.name, folder: parameters.folder, revision: parameters.revision)
        if let message = parameters.message { push.message = message }
        push.isPrivate = parameters.isPrivate ?? false
        push.patterns = PathPatterns(included: parameters.include ?? [], excluded: parameters.exclude ?? [])
        self = .push(push, try Self.access(hub, parameters.token, environment, cancellation))
    }

    private static func access(
        _ hub: Hub, _ given: String?, _ environment: EnvironmentVariables, _ cancellation: Cancellation
    ) throws -> HubAccess {
        var access = try HubAccess(
            hub, token: token(given), environment: environment, cancellation: cancellation)
        access.userAgent = "finetuned/\(productVersion)"
        return access
    }

    private static func place(_ hub: String, _ content: String) throws -> (Hub, Hub.Content) {
        guard let place = Hub(rawValue: hub) else {
            throw ServiceError(
                .badRequest, "there is no hub `\(hub)`",
                hint: "there are " + Hub.allCases.map(\.rawValue).joined(separator: ", "), field: "hub")
        }
        guard let content = Hub.Content(rawValue: content) else {
            throw ServiceError(.badRequest, "`content` is `model` or `dataset`", field: "content")
        }
        return (place, content)
    }

    private static func token(_ text: String?) throws -> HubToken? {
        guard let text, !text.isEmpty else { return nil }
        guard let token = HubToken(text) else {
            throw ServiceError(.badRequest, "the access token holds characters that none has", field: "token")
        }
        return token
    }

    func run(_ progress: TransferProgress) -> Result<JSONValue, ServiceError> {
        do {
            switch self {
            case .pull(let pull, let access):
                let outcome = try pull.run(access, progress: progress)
                return .success(
                    try JSONValue(
                        encoding: HubPull.Result(
                            folder: outcome.folder, commit: outcome.commit, files: outcome.files,
                            bytes: outcome.bytes, transferredBytes: outcome.bytesTransferred)))
            case .push(let push, let access):
                let outcome = try push.run(access, progress: progress)
                return .success(
                    try JSONValue(
                        encoding: HubPush.Result(
                            repository: outcome.repository, address: outcome.address, commit: outcome.commit,
                            files: outcome.files, changedFiles: outcome.changed,
                            transferredBytes: outcome.bytesTransferred)))
            }
        } catch {
            return .failure(ServiceError(ofTransfer: error))
        }
    }
}

extension ServiceError {
    /// Any failure of a transfer, as clients see it.
    init(ofTransfer error: any Error) {
        switch error {
        case let error as ServiceError: self = error
        case let error as HubError:
            self = ServiceError(Self.kind(of: error), error.message, hint: error.hint)
                .withSpace(needed: error.neededBytes, available: error.availableBytes)
        case let error as SystemError:
            self = ServiceError(
                ErrorKind(error), error.description,
                hint: error.isPermission ? "choose another folder with --cache-dir or HF_HUB_CACHE" : nil,
                file: error.subject)
        case let error as DecodingError:
            self = ServiceError(.badRequest, "the request's parameters cannot be read: \(error)")
        default: self = ServiceError(.internalError, "\(error)")
        }
    }

    private static func kind(of error: HubError) -> ErrorKind {
        switch error.kind {
        case .network: .network
        case .permission: .permission
        case .notFound: .notFound
        case .conflict: .conflict
        case .busy: .busy
        case .diskFull: .diskFull
        case .badRequest: .badRequest
        case .cancelled: .cancelled
        }
    }
}

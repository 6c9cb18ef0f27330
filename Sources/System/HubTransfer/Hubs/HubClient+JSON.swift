import JSONDocuments
import LinuxSystem

extension HubClient {
    /// Asks for a JSON value.
    ///
    /// - Parameter subject: what is asked about, for messages
    func json(_ request: HTTPRequest, about subject: HubSubject) throws -> (value: JSONValue, response: HTTPResponse) {
        var request = request
        request.headers.append(("Accept", "application/json"))
        let response = try send(request)
        guard response.isSuccess else { throw refusal(response, subject) }
        return (try value(of: response), response)
    }

    /// Sends a JSON value and returns the answer, whatever its status.
    ///
    /// - Parameter patience: seconds that the hub may think about it
    func post(_ path: String, _ value: JSONValue, patience: Int? = nil) throws -> HTTPResponse {
        var request = request(.post, path)
        request.headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        request.body = .bytes(value.serializedBytes(.compact))
        if let patience { request.patience = max(patience, request.patience) }
        return try send(request)
    }

    /// The same for an answer that must be a success.
    func post(_ path: String, _ value: JSONValue, about subject: HubSubject) throws -> JSONValue {
        let response = try post(path, value)
        guard response.isSuccess else { throw refusal(response, subject) }
        return try self.value(of: response)
    }

    func value(of response: HTTPResponse) throws -> JSONValue {
        if response.body.isEmpty { return .null }
        do {
            return try JSONValue(parsing: response.body, limits: JSONLimits(maximumBytes: 64 << 20, maximumDepth: 64))
        } catch {
            throw HubError(
                .network,
                "\(access.hub.title): \(WebAddress.withoutSecrets(response.address)) answers with something else than "
                    + "JSON",
                hint: "is it the address of a hub? A login page of the network may stand before it")
        }
    }

    /// The failure of an answer that lacks what the protocol promises.
    func malformed(_ what: String) -> HubError {
        HubError(.network, "\(access.hub.title): an answer without \(what)", hint: "is \(access.endpoint) a hub?")
    }
}

/// What a request is about.
struct HubSubject {
    let content: Hub.Content
    let name: String
    var revision: String?
    var file: String?
    /// Whether something is to be changed.
    var isWriting = false

    init(_ repository: HubRepository, revision: String? = nil, file: String? = nil, isWriting: Bool = false) {
        content = repository.content
        name = repository.name
        self.revision = revision
        self.file = file
        self.isWriting = isWriting
    }

    var description: String {
        let what = content == .model ? "the model \(name)" : "the dataset \(name)"
        return (file.map { "\($0) of " } ?? "") + what + (revision.map { " at \($0)" } ?? "")
    }
}

extension HubClient {
    /// What an answer that is no success means.
    func refusal(_ response: HTTPResponse, _ subject: HubSubject) -> HubError {
        let hub = access.hub
        let said = saidReason(response)
        let code = response.header("x-error-code")
        let variable = hub.tokenVariables[0]
        let hasToken = access.credentials != nil
        switch response.status {
        case 401 where code == "GatedRepo", 403 where code == "GatedRepo":
            return HubError(
                .permission,
                "\(hub.title): \(subject.description) is given to those who accepted its conditions\(said)",
                hint: "accept them at \(access.endpoint)/\(subject.name)"
                    + (hasToken ? " as the token's owner" : " and set \(variable)"))
        case 401 where !hasToken:
            return HubError(
                .permission, "\(hub.title): \(subject.description) does not exist, or needs an access token\(said)",
                hint: "see the spelling, or set \(variable)")
        case 401:
            return HubError(
                .permission, "\(hub.title) does not accept the access token for \(subject.description)\(said)",
                hint: "see \(variable) or \(hub.tokenParameter); it may have expired")
        case 403:
            return HubError(
                .permission,
                subject.isWriting
                    ? "\(hub.title): the access token may not write to \(subject.description)\(said)"
                    : "\(hub.title): \(subject.description) may not be read\(said)",
                hint: hasToken ? "the token's owner needs the right to do so" : "set \(variable)")
        case 404 where code == "RevisionNotFound":
            return HubError(
                .notFound, "\(hub.title): there is no \(subject.revision ?? "such revision") of \(subject.name)\(said)",
                hint: "a branch, a tag or a commit is expected")
        case 404:
            return HubError(
                .notFound, "\(hub.title): \(subject.description) does not exist\(said)",
                hint: hasToken ? "see the spelling" : "see the spelling; a private one needs \(variable)")
        case 409, 412:
            return HubError(.conflict, "\(hub.title): \(subject.description) was changed meanwhile\(said)")
        case 429:
            return HubError(
                .busy, "\(hub.title) has too many requests\(said)",
                hint: "the same command goes on later where this one stopped")
        default:
            return HubError(
                .network, "\(hub.title) answers with status \(response.status) for \(subject.description)\(said)",
                hint: response.status >= 500 ? "the same command goes on later where this one stopped" : nil)
        }
    }

    /// The hub's own words, in one line and without a token that it may have repeated.
    private func saidReason(_ response: HTTPResponse) -> String {
        let body = try? JSONValue(parsing: response.body)
        let words =
            response.header("x-error-message")
            ?? ["error", "Message", "message", "msg"].lazy.compactMap { body?[$0]?.string }.first
        guard var words, !words.isEmpty else { return "" }
        if let token = access.credentials?.token { words = words.replacing(token.secret, with: "(token)") }
        let line = words.prefix(300).map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 } ?? false ? " " : $0 }
        return " (it says: \(String(line)))"
    }
}

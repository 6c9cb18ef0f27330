package import LinuxSystem

/// How one hub is spoken to: where it is, as whom, and with how much patience. Every thread makes its own client of it.
package struct HubAccess: Sendable {
    package let hub: Hub
    /// Without a slash at the end.
    package let endpoint: String
    let credentials: Credentials?
    package var retry = RetryPolicy()
    package var userAgent = "finetuned"
    let cancellation: Cancellation
    /// Seconds without a byte after which an exchange is given up.
    let patience: Int

    /// - Parameter token: nil for the one that the hub's own tools would use
    package init(
        _ hub: Hub, token: HubToken? = nil, environment: EnvironmentVariables = .ofProcess, cancellation: Cancellation
    ) throws {
        self.hub = hub
        self.cancellation = cancellation
        endpoint = hub.endpoint(environment)
        guard let origin = WebAddress.origin(of: endpoint) else {
            throw HubError(.badRequest, "\(endpoint) is no address of a hub", hint: "it begins with https://")
        }
        credentials = (token ?? HubToken.found(for: hub, environment)).map { token in
            switch hub {
            case .huggingFace, .modelers: Credentials(token: token, origins: [origin], cookies: [])
            case .modelScope:
                Credentials(
                    token: token, origins: [origin, Self.modelScopeStorage(origin)], cookies: ["m_session_id"])
            }
        }
        let patience = environment.first(of: ["HF_HUB_DOWNLOAD_TIMEOUT"]).flatMap { Int($0) } ?? 60
        self.patience = min(max(patience, 1), 3600)
        try HTTPClient.prepare()
    }

    /// ModelScope takes large files at `lfs.modelscope.cn`, where the token is asked for as well.
    private static func modelScopeStorage(_ origin: String) -> String {
        let parts = origin.split(separator: "/").map(String.init)
        let labels = (parts.last ?? "").split(separator: ".")
        let domain = labels.count > 2 ? labels.dropFirst().joined(separator: ".") : labels.joined(separator: ".")
        return "\(parts.first ?? "https:")//lfs.\(domain)"
    }

    func client() throws -> HubClient { try HubClient(self) }
}

/// Asks a hub, repeats what may be repeated, and says in words what a refusal means.
final class HubClient {
    let access: HubAccess
    private let http: HTTPClient

    init(_ access: HubAccess) throws {
        self.access = access
        http = try HTTPClient(userAgent: access.userAgent, cancellation: access.cancellation)
    }

    /// A request to the hub's own address.
    ///
    /// - Parameter path: with a slash at its beginning, escaped
    func request(_ method: HTTPRequest.Method = .get, _ path: String) -> HTTPRequest {
        request(method, address: access.endpoint + path)
    }

    /// A request to an address that the hub gave.
    func request(_ method: HTTPRequest.Method = .get, address: String) -> HTTPRequest {
        var request = HTTPRequest(method, address)
        request.credentials = access.credentials
        request.patience = access.patience
        return request
    }

    /// Sends a request until it is answered with something that another attempt would not change.
    ///
    /// - Parameters:
    ///   - sink: takes a successful body; it must be able to go on where it stopped
    ///   - before: called before each attempt, to ask for what is still missing
    ///   - progress: a number that grows whenever an attempt brought something; failures are counted anew then
    ///   - expectsAll: whether everything has come after a successful answer
    func send(
        _ request: HTTPRequest, sink: (any BodySink)? = nil, before: (inout HTTPRequest) throws -> Void = { _ in },
        progress: () -> Int = { 0 }, expectsAll: () -> Bool = { true }, onSent: @escaping (Int) -> Void = { _ in }
    ) throws -> HTTPResponse {
        var failures = 0
        var known = progress()
        while true {
            try access.cancellation.check()
            var attempt = request
            try before(&attempt)
            let reason: String
            var pause: Double?
            do {
                let response = try http.perform(attempt, sink: sink, onSent: onSent)
                if RetryPolicy.transientStatuses.contains(response.status) {
                    pause = RetryPolicy.requestedPause(response)
                    if let pause, pause > access.retry.mostPatience { throw tooLong(pause) }
                    if failures + 1 >= access.retry.mostFailures { return response }
                    reason = "status \(response.status)"
                } else if response.isSuccess, !expectsAll() {
                    reason = "\(WebAddress.withoutSecrets(response.address)): the connection ended too early"
                } else {
                    return response
                }
            } catch HTTPFailure.connection(let text) {
                reason = text
            } catch HTTPFailure.permanent(let text) {
                throw HubError(.network, "\(access.hub.title): \(text)", hint: Self.connectionHint(access))
            }
            let reached = progress()
            failures = reached > known ? 1 : failures + 1
            known = reached
            guard failures < access.retry.mostFailures else {
                throw HubError(
                    .network, "\(access.hub.title): \(reason), after \(failures) attempts",
                    hint: "the same command goes on where this one stopped. " + Self.connectionHint(access))
            }
            try wait(pause ?? access.retry.pauseLength(afterFailures: failures))
        }
    }

    private func wait(_ seconds: Double) throws {
        if let pause = access.retry.pause { try pause(seconds) } else { try access.cancellation.wait(seconds: seconds) }
    }

    private func tooLong(_ pause: Double) -> HubError {
        HubError(
            .busy, "\(access.hub.title) asks to come again in \(Int(pause.rounded(.up))) seconds",
            hint: "the same command goes on where this one stopped"
                + (access.credentials == nil ? "; with an access token more is allowed" : ""))
    }

    private static func connectionHint(_ access: HubAccess) -> String {
        let variable: String
        switch access.hub {
        case .huggingFace: variable = "HF_ENDPOINT"
        case .modelScope: variable = "MODELSCOPE_ENDPOINT"
        case .modelers: variable = "OPENMIND_HUB_ENDPOINT"
        }
        return "a mirror is named by \(variable), a proxy by https_proxy"
    }
}

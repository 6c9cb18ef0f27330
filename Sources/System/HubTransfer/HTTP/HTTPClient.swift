import CCurl
import Glibc
import LinuxSystem

/// Speaks HTTP through libcurl, keeping connections and names that were looked up from one request to the next; used by
/// one thread at a time.
///
/// Redirections are followed here and not by libcurl, so that credentials go to the origins they belong to alone, and
/// so that what a hub says of a file before it sends one elsewhere is seen.
final class HTTPClient {
    private let handle: UnsafeMutableRawPointer
    private let cancellation: Cancellation
    private let userAgent: String
    private static let mostRedirections = 10

    /// libcurl wants one call before there are threads.
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    static func prepare() throws {
        guard isReady else { throw HTTPFailure.permanent("libcurl cannot be used here") }
    }

    init(userAgent: String, cancellation: Cancellation) throws {
        try Self.prepare()
        guard let handle = curl_easy_init() else { throw SystemError("curl_easy_init", code: ENOMEM) }
        self.handle = handle
        self.userAgent = userAgent
        self.cancellation = cancellation
    }

    deinit { curl_easy_cleanup(handle) }

    /// Asks, and follows redirections.
    ///
    /// - Parameter onSent: gets the bytes of a file that go out
    /// - Throws: `HTTPFailure`, what `sink` threw, or that the transfer was cancelled
    func perform(
        _ request: HTTPRequest, sink: (any BodySink)? = nil, onSent: @escaping (Int) -> Void = { _ in }
    ) throws -> HTTPResponse {
        var request = request
        var earlier: [(name: String, value: String)] = []
        for _ in 0...Self.mostRedirections {
            let (answer, next) = try exchange(request, sink: sink, onSent: onSent)
            var response = answer
            response.headers += earlier
            guard let next, request.followsRedirections, (300..<400).contains(response.status) else { return response }
            guard WebAddress.origin(of: next) != nil else {
                throw HTTPFailure.permanent("a redirection to something else than http and https")
            }
            let leavesEncryption = request.address.hasPrefix("https:") && !next.hasPrefix("https:")
            guard !leavesEncryption else {
                throw HTTPFailure.permanent("a redirection to \(WebAddress.withoutSecrets(next)), without encryption")
            }
            request.address = next
            earlier = response.headers
        }
        throw HTTPFailure.permanent("more than \(Self.mostRedirections) redirections")
    }

    private func exchange(
        _ request: HTTPRequest, sink: (any BodySink)?, onSent: @escaping (Int) -> Void
    ) throws -> (HTTPResponse, redirection: String?) {
        let exchange = try HTTPExchange(request, sink: sink, cancellation: cancellation, onSent: onSent)
        exchange.attach(to: handle)
        var lines = request.headers.map { "\($0.name): \($0.value)" }
        // libcurl would ask first whether a large body is welcome and wait a second for the answer.
        lines.append("Expect:")
        if let credentials = request.credentials, credentials.mayGo(to: request.address) {
            lines.append("Authorization: Bearer \(credentials.token.secret)")
            if !credentials.cookies.isEmpty {
                let cookies = credentials.cookies.map { "\($0)=\(credentials.token.secret)" }
                lines.append("Cookie: " + cookies.joined(separator: "; "))
            }
        }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) }
        defer {
            // What the handle points to ends here.
            curl_easy_reset(handle)
            curl_slist_free_all(list)
        }
        ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, list)
        set(request)
        let code = setBody(request, exchange) { curl_easy_perform(handle) }
        if cancellation.isCancelled { throw HubError.cancelled }
        if let failure = exchange.failure { throw failure }
        guard code == CURLE_OK else { throw Self.failure(code, request) }
        try exchange.beginIfNeeded()
        let redirection = ccurl_redirection(handle).map { String(cString: $0) }
        let response = HTTPResponse(
            status: exchange.status, headers: exchange.headers, body: exchange.body, address: request.address)
        return (response, redirection)
    }

    private func set(_ request: HTTPRequest) {
        ccurl_set_text(handle, CURLOPT_URL, request.address)
        ccurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        ccurl_set_text(handle, CURLOPT_USERAGENT, userAgent)
        ccurl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_number(handle, CURLOPT_CONNECTTIMEOUT, 30)
        ccurl_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
        ccurl_set_number(handle, CURLOPT_LOW_SPEED_TIME, request.patience)
        ccurl_set_number(handle, CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_set_number(handle, CURLOPT_BUFFERSIZE, 256 << 10)
        // The hash is that of the bytes as they lie at the hub.
        ccurl_set_text(handle, CURLOPT_ACCEPT_ENCODING, nil)
    }

    private func setBody(_ request: HTTPRequest, _ exchange: HTTPExchange, perform: () -> CURLcode) -> CURLcode {
        switch (request.method, request.body) {
        case (.head, _):
            ccurl_set_number(handle, CURLOPT_NOBODY, 1)
            return perform()
        case (_, .file):
            ccurl_set_number(handle, CURLOPT_UPLOAD, 1)
            ccurl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(exchange.bytesToSend))
            return perform()
        case (_, .bytes(let bytes)):
            return bytes.withUnsafeBytes { buffer in
                ccurl_set_number(handle, CURLOPT_POST, 1)
                ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(buffer.count))
                ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: buffer.baseAddress))
                if request.method != .post { ccurl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
                return perform()
            }
        case (.get, .none):
            ccurl_set_number(handle, CURLOPT_HTTPGET, 1)
            return perform()
        case (_, .none):
            ccurl_set_number(handle, CURLOPT_POST, 1)
            ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, 0)
            ccurl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            return perform()
        }
    }

    private static func failure(_ code: CURLcode, _ request: HTTPRequest) -> HTTPFailure {
        let reason = String(cString: curl_easy_strerror(code))
        let text = "\(WebAddress.withoutSecrets(request.address)): \(reason)"
        let permanent: [CURLcode] = [
            CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_COULDNT_RESOLVE_PROXY,
        ]
        return permanent.contains(code) ? .permanent(text) : .connection(text)
    }
}

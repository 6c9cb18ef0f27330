import LinuxSystem

/// A request to one address.
struct HTTPRequest {
    enum Method: String { case get = "GET", head = "HEAD", post = "POST", put = "PUT" }

    /// What is sent with it.
    enum Body {
        case none
        case bytes([UInt8])
        /// A part of a file.
        case file(path: String, range: Range<Int>)
    }

    var method = Method.get
    var address: String
    var headers: [(name: String, value: String)] = []
    var body = Body.none
    /// Sent along where it may go.
    var credentials: Credentials?
    /// Seconds without a byte after which the exchange is given up.
    var patience = 60
    var followsRedirections = true

    init(_ method: Method = .get, _ address: String) {
        self.method = method
        self.address = address
    }
}

/// What proves who asks, and to whom it is shown.
struct Credentials: Sendable {
    let token: HubToken
    /// Where the token may go.
    let origins: Set<String>
    /// The cookies that carry it, beside the header `Authorization`.
    let cookies: [String]

    func mayGo(to address: String) -> Bool { WebAddress.origin(of: address).map(origins.contains) ?? false }
}

/// What came back: the last answer of a chain of redirections.
struct HTTPResponse {
    var status: Int
    /// Of this answer, then those of the redirections before it, the latest first; names in small letters.
    var headers: [(name: String, value: String)]
    /// The body, unless it went to a sink.
    var body: [UInt8]
    /// Where it came from at last.
    var address: String

    /// The value of the latest answer that has such a header.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    var isSuccess: Bool { (200..<300).contains(status) }
}

/// Takes the body of a successful answer as it comes.
protocol BodySink: AnyObject {
    /// Called before the first byte, once the status is known.
    func begin(status: Int, header: (String) -> String?) throws
    func write(_ bytes: UnsafeRawBufferPointer) throws
}

/// Why there is no answer.
enum HTTPFailure: Error {
    /// The connection could not be made or broke.
    case connection(String)
    /// Something that another attempt would not mend, such as a certificate.
    case permanent(String)
}

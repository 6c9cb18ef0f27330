package import JSONDocuments
import LinuxSystem
package import TerminalOutput

/// What a command works with; tests make their own.
package final class CommandContext {
    package let environment: [String: String]
    package let workingDirectory: String
    package let input: any LineSource
    package let output: any TextSink
    /// Where `output` writes to, for what the service writes there itself.
    let outputDescriptor: Int32
    package let errors: any TextSink
    package let outputTerminal: TerminalProperties
    package let errorTerminal: TerminalProperties
    /// Waits for so many seconds; throws when interrupted.
    let pause: (Double) throws -> Void
    private let socketExists: (_ socket: String?) -> Bool
    private let connect: (_ socket: String?) throws -> ServiceClient
    private let fetchServiceExists: (_ socket: String?) -> Bool
    private let connectFetch: (_ place: FetchPlace, _ socket: String?) throws -> ServiceClient
    private let columns: () -> Int
    private let readFile: (String) throws -> String
    private(set) var invocation: Invocation?
    private var connected: ServiceClient?
    /// The person's keyboard and screen, where there is one.
    package var terminal: (any InteractiveTerminal)?
    /// Whether standard output carries one JSON value a line, so that nothing else may be written there.
    var isWritingJSONLines = false
    /// Warnings of the service that were told.
    var toldWarnings: Set<String> = []

    package init(
        environment: [String: String], workingDirectory: String, input: any LineSource, output: any TextSink,
        errors: any TextSink, outputTerminal: TerminalProperties, errorTerminal: TerminalProperties,
        columns: @escaping () -> Int, readFile: @escaping (String) throws -> String,
        pause: @escaping (Double) throws -> Void, outputDescriptor: Int32 = 1,
        socketExists: @escaping (_ socket: String?) -> Bool = { _ in true },
        fetchServiceExists: @escaping (_ socket: String?) -> Bool = { _ in false },
        connectFetch: @escaping (_ place: FetchPlace, _ socket: String?) throws -> ServiceClient = { _, _ in
            throw CommandFailure(kind: "unreachable", message: "there is no finetuned-fetch here")
        },
        connect: @escaping (_ socket: String?) throws -> ServiceClient
    ) {
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.output = output
        self.errors = errors
        self.outputTerminal = outputTerminal
        self.errorTerminal = errorTerminal
        self.columns = columns
        self.readFile = readFile
        self.pause = pause
        self.outputDescriptor = outputDescriptor
        self.socketExists = socketExists
        self.connect = connect
        self.fetchServiceExists = fetchServiceExists
        self.connectFetch = connectFetch
    }

    /// A context for a command within another one: the same daemon and terminal, another place for the output.
    func nested(output: any TextSink) -> CommandContext {
        let nested = CommandContext(
            environment: environment, workingDirectory: workingDirectory, input: input, output: output, errors: errors,
            outputTerminal: outputTerminal, errorTerminal: errorTerminal, columns: columns, readFile: readFile,
            pause: pause, fetchServiceExists: fetchServiceExists, connectFetch: connectFetch
        ) { [self] _ in try client() }
        nested.terminal = terminal
        return nested
    }

    /// Runs one command line; its failure is the caller's to tell.
    func carryOut(_ arguments: [String]) throws -> ExitCode {
        let invocation = try ArgumentParser.parse(arguments)
        self.invocation = invocation
        if invocation.has("help") {
            let text = invocation.command.name == "help" ? HelpText.overview() : HelpText.text(of: invocation.command)
            output.write(text)
            return .success
        }
        return try invocation.command.run(invocation, self)
    }

    /// Runs one command line and tells its failure, if any, where it belongs.
    package func run(_ arguments: [String]) -> ExitCode {
        let code = outcome(of: arguments)
        output.finish()
        // A reader that has enough, as `head`, closes its end: that is no failure.
        guard let failure = output.failure, !failure.isReaderGone else { return code }
        errors.write(CommandFailure(output: failure).text)
        return max(code, .cannotCreate)
    }

    private func outcome(of arguments: [String]) -> ExitCode {
        do {
            return try carryOut(arguments)
        } catch let failure as CommandFailure {
            tell(failure)
            return failure.exitCode
        } catch {
            tell(CommandFailure(kind: "internal", message: "\(error)"))
            return .internalError
        }
    }

    /// Prints a failure on stderr, and as an object on stdout when JSON was asked for.
    func tell(_ failure: CommandFailure) {
        if wantsJSON, !isWritingJSONLines { output.write(failure.json.serialized(.compact) + "\n") }
        if failure.kind != "interrupted" { errors.write(failure.text) }
    }

    var wantsJSON: Bool { invocation?.has("json") ?? false }
    var isQuiet: Bool { invocation?.has("quiet") ?? false }
    /// Whether output is for programs that read lines: no headings, bars or colours, and nothing is cut.
    var isPlain: Bool { invocation?.has("plain") ?? false }

    /// Talk for people, on stderr, unless `--quiet`.
    func say(_ text: String) {
        if !isQuiet { errors.write(text + "\n") }
    }

    /// The connection to the daemon, made at the first call.
    func client() throws -> ServiceClient {
        if let connected { return connected }
        let client = try connect(invocation?.value("socket"))
        connected = client
        return client
    }

    /// Whether the service has a unit of its own that downloads for it.
    var hasFetchService: Bool { fetchServiceExists(invocation?.value("socket")) }

    /// A connection to `finetuned-fetch`; each carries one transfer.
    func fetchClient(_ place: FetchPlace) throws -> ServiceClient {
        try connectFetch(place, invocation?.value("socket"))
    }

    /// Leaves the connection; the next call makes a new one.
    func disconnect() { connected = nil }

    /// As `client`, but nil without waiting where there is not even a socket, and nil where nobody answers.
    func clientIfThere() -> ServiceClient? {
        guard socketExists(invocation?.value("socket")) else { return nil }
        return try? client()
    }

    func text(ofFile path: String) throws -> String {
        try readFile(path)
    }

    /// The width that tables are cut to; files get whole lines.
    var tableWidth: Int? { outputTerminal.isTerminal ? columns() : nil }

    func terminalColumns() -> Int { columns() }

    /// Prints a list in the format that was asked for.
    func list<Row: Listable & JSONRow>(_ rows: [Row]) {
        if let fields = invocation?.value("json") {
            let objects = rows.map { Self.selecting(fields, of: $0.value) }
            output.write(JSONValue.array(objects).serialized(jsonStyle) + "\n")
        } else {
            let format: ListingFormat = isQuiet ? .quiet : isPlain ? .plain : .table(width: tableWidth)
            output.write(Listing.render(rows, as: format, utf8: outputTerminal.usesUTF8))
        }
    }

    /// Prints one object as JSON, with only the fields of `--json=FIELDS` when some are named.
    func printJSON(_ value: JSONValue) {
        let fields = invocation?.value("json") ?? ""
        output.write(Self.selecting(fields, of: value).serialized(jsonStyle) + "\n")
    }

    /// Indented for people, one line for programs.
    private var jsonStyle: JSONStyle { outputTerminal.isTerminal ? .indented(2) : .compact }

    private static func selecting(_ fields: String, of value: JSONValue) -> JSONValue {
        let names = fields.split(separator: ",").map(String.init)
        guard !names.isEmpty, let object = value.object else { return value }
        return .object(JSONObject(names.map { ($0, object[$0] ?? .null) }))
    }
}

/// A row that knows its JSON value.
package protocol JSONRow {
    var value: JSONValue { get }
}

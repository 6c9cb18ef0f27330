package import JSONDocuments
package import TerminalOutput

/// What a command works with; tests make their own.
package final class CommandContext {
    package let environment: [String: String]
    package let workingDirectory: String
    package let input: any LineSource
    package let output: any TextSink
    package let errors: any TextSink
    package let outputTerminal: TerminalProperties
    package let errorTerminal: TerminalProperties
    /// Waits for so many seconds; throws when interrupted.
    let pause: (Double) throws -> Void
    private let connect: (_ socket: String?) throws -> ServiceClient
    private let columns: () -> Int
    private let readFile: (String) throws -> String
    private(set) var invocation: Invocation?
    private var connected: ServiceClient?

    package init(
        environment: [String: String], workingDirectory: String, input: any LineSource, output: any TextSink,
        errors: any TextSink, outputTerminal: TerminalProperties, errorTerminal: TerminalProperties,
        columns: @escaping () -> Int, readFile: @escaping (String) throws -> String,
        pause: @escaping (Double) throws -> Void,
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
        self.connect = connect
    }

    /// Runs one command line and tells its failure, if any, where it belongs.
    package func run(_ arguments: [String]) -> ExitCode {
        do {
            let invocation = try ArgumentParser.parse(arguments)
            self.invocation = invocation
            if invocation.has("help") {
                let text =
                    invocation.command.name == "help" ? HelpText.overview() : HelpText.text(of: invocation.command)
                output.write(text)
                return .success
            }
            return try invocation.command.run(invocation, self)
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
        if wantsJSON { output.write(failure.json.serialized(.compact) + "\n") }
        if failure.kind != "interrupted" { errors.write(failure.text) }
    }

    var wantsJSON: Bool { invocation?.has("json") ?? false }
    var isQuiet: Bool { invocation?.has("quiet") ?? false }

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
            let format: ListingFormat = isQuiet ? .quiet : .table(width: tableWidth)
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

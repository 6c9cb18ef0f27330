import LinuxSystem

/// What the command line, the environment and the configuration file say.
struct DaemonOptions {
    var socket: String
    var stateDirectory: String
    var limits = DaemonLimits()

    struct UsageError: Error, CustomStringConvertible {
        let description: String
    }

    static let usage = """
        usage: finetuned [--socket PATH] [--state-dir DIR] [--config FILE]

        The daemon that fine-tunes and serves language models. It runs in the foreground and prints
        "ready SOCKET" on standard error once it accepts connections.

          --socket PATH     where to listen (FINETUNED_SOCKET, else $XDG_RUNTIME_DIR/finetuned.sock,
                            else /run/finetuned/finetuned.sock)
          --state-dir DIR   jobs and logs (STATE_DIRECTORY, else $XDG_STATE_HOME/finetuned,
                            else ~/.local/state/finetuned)
          --config FILE     limits, see finetuned.yaml in the documentation
        """

    init(arguments: [String], environment: (String) -> String?) throws {
        var socket = environment("FINETUNED_SOCKET")
        var state = environment("STATE_DIRECTORY")
        var configuration: String?
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = parts.first, ["--socket", "--state-dir", "--config"].contains(name) else {
                throw UsageError(description: "unknown argument \(argument)\n\(Self.usage)")
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                throw UsageError(description: "\(name) needs a value\n\(Self.usage)")
            }
            switch name {
            case "--socket": socket = value
            case "--state-dir": state = value
            default: configuration = value
            }
        }
        let home = environment("HOME") ?? "/root"
        self.socket =
            socket ?? environment("XDG_RUNTIME_DIR").map { $0 + "/finetuned.sock" } ?? "/run/finetuned/finetuned.sock"
        let fallback = (environment("XDG_STATE_HOME") ?? home + "/.local/state") + "/finetuned"
        stateDirectory = Path.resolve(state ?? fallback, in: Self.currentDirectory)
        if let configuration { try limits.read(file: Path.resolve(configuration, in: Self.currentDirectory)) }
    }

    private static var currentDirectory: String { FileSystem.currentDirectory }
}

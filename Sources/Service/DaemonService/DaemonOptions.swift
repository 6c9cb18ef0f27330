import Glibc
import LinuxSystem
import StructuredLogging

/// What the command line, the environment and the settings files say.
struct DaemonOptions {
    var socket: String
    /// Whether the socket lies in the user's own folder because there is no better place for it.
    let isSocketPrivate: Bool
    var stateDirectory: String
    private(set) var limits: DaemonLimits
    /// `finetuned.yaml`, which need not exist unless the command line named it.
    let settingsFile: String
    /// The files that were read, in their order.
    private(set) var settingsFiles: [String]

    struct UsageError: Error, CustomStringConvertible {
        let description: String
    }

    /// The options with their explanations, for `--help` and the manual page.
    static let explained: [(name: String, value: String?, text: String)] = [
        (
            "--socket", "PATH",
            """
            where to listen (FINETUNED_SOCKET, else $XDG_RUNTIME_DIR/finetuned.sock, else
            /run/finetuned/finetuned.sock where this user may make it, else
            ~/.local/state/finetuned/finetuned.sock); a socket that systemd passes wins over all
            """
        ),
        (
            "--state-dir", "DIR",
            """
            jobs and logs (STATE_DIRECTORY, else $XDG_STATE_HOME/finetuned, else
            ~/.local/state/finetuned)
            """
        ),
        (
            "--config", "FILE",
            """
            settings, with FILE.d/*.yaml after it (CONFIGURATION_DIRECTORY/finetuned.yaml, else
            $XDG_CONFIG_HOME/finetuned/finetuned.yaml if it exists, else
            ~/.config/finetuned/finetuned.yaml if it exists, else
            /etc/finetuned/finetuned.yaml); see finetuned.yaml(5)
            """
        ),
        ("--check-config", nil, "read the settings, say what is wrong with them, and end"),
        ("--example-config", nil, "print a settings file with every setting and its default"),
        ("--manual", "PAGE", "print the manual page finetuned or finetuned.yaml, for man -l"),
        ("--version", nil, "print the version"),
    ]

    static var usage: String {
        let options = explained.map { option in
            let name = "  " + option.name + (option.value.map { " " + $0 } ?? "")
            let text = option.text.replacing("\n", with: "\n" + String(repeating: " ", count: 22))
            return name + String(repeating: " ", count: max(2, 22 - name.count)) + text
        }
        return """
            usage: finetuned [--socket PATH] [--state-dir DIR] [--config FILE]

            The daemon that fine-tunes and serves language models. It runs in the foreground and prints
            "ready SOCKET" on standard error once it accepts connections.

            \(options.joined(separator: "\n"))
            """
    }

    init(arguments: [String], environment: (String) -> String?) throws {
        var socket = environment("FINETUNED_SOCKET")
        // systemd separates several directories by colons; the first is the one meant.
        var state = environment("STATE_DIRECTORY")?.split(separator: ":").first.map(String.init)
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
            case "--socket": socket = HomeFolder.expand(value)
            case "--state-dir": state = HomeFolder.expand(value)
            default: configuration = HomeFolder.expand(value)
            }
        }
        let home = environment("HOME") ?? "/root"
        let current = FileSystem.currentDirectory
        (self.socket, isSocketPrivate) =
            try (Self.inheritedSocket() ?? socket).map { ($0, false) } ?? DefaultSocket.toListen(environment)
        stateDirectory = Path.resolve(state ?? DefaultSocket.privateFolder(environment), in: current)
        settingsFile =
            configuration.map { Path.resolve($0, in: current) }
            ?? Self.usualSettingsFile(home: home, environment: environment)
        settingsFiles = DaemonSettingsFile.files(of: settingsFile)
        if let configuration, !settingsFiles.contains(settingsFile) {
            throw DaemonSettingsFile.Failure.unreadable(SystemError("open", configuration, code: ENOENT))
        }
        limits = try DaemonSettingsFile.read(settingsFiles)
    }

    /// Reads the settings again; what is wrong leaves everything as it was.
    mutating func reload() throws(DaemonSettingsFile.Failure) {
        let files = DaemonSettingsFile.files(of: settingsFile)
        limits = try DaemonSettingsFile.read(files)
        settingsFiles = files
    }

    private static func usualSettingsFile(home: String, environment: (String) -> String?) -> String {
        if let directory = environment("CONFIGURATION_DIRECTORY")?.split(separator: ":").first {
            return "\(directory)/finetuned.yaml"
        }
        let own = (environment("XDG_CONFIG_HOME") ?? home + "/.config") + "/finetuned/finetuned.yaml"
        let exists = FileSystem.kind(of: own) != nil || FileSystem.kind(of: own + ".d") != nil
        return exists ? own : "/etc/finetuned/finetuned.yaml"
    }

    struct UnusableSockets: Error, CustomStringConvertible {
        let names: [String]
        var description: String {
            "\(names.count) descriptors were passed (\(names.joined(separator: ", "))) and none is a listening Unix "
                + "stream socket: correct ListenStream= and Accept=no in finetuned.socket"
        }
    }

    /// Where the socket that systemd listens on lies; nil when it passed none.
    private static func inheritedSocket() throws(UnusableSockets) -> String? {
        if ServiceManager.inherited.isEmpty { return nil }
        guard let number = ServiceManager.inheritedSockets().first else {
            throw UnusableSockets(names: ServiceManager.inherited.map(\.name))
        }
        return UnixSocket.path(of: number)
    }
}

import RunConfiguration

/// Names that only the service knows, asked for while completing.
package protocol NameSource {
    var jobs: [String] { get }
    var models: [String] { get }
    var adapters: [String] { get }
}

/// Finds what may stand at the end of a line of the conversation.
package struct ConversationCompleter {
    private let workingDirectory: String
    private let home: String?
    private let names: any NameSource

    package init(workingDirectory: String, home: String?, names: any NameSource) {
        self.workingDirectory = workingDirectory
        self.home = home
        self.names = names
    }

    package func complete(_ line: String) -> Completion {
        guard line.hasPrefix("/"), !line.hasPrefix("//") else { return .none }
        guard let end = line.firstIndex(of: " ") else {
            return Completion(typed: line, candidates: SlashCommand.allCases.map { "/" + $0.rawValue })
        }
        guard let command = SlashCommand.named(String(line[line.index(after: line.startIndex)..<end])) else {
            return .none
        }
        let rest = line[end...].drop(while: \.isWhitespace)
        let typed = String(rest.split(separator: " ", omittingEmptySubsequences: false).last ?? "")
        let isFirst = !rest.contains(" ")
        return Completion(typed: typed, candidates: candidates(command.argument, typed, isFirst: isFirst))
    }

    private func candidates(_ argument: SlashCommand.Argument, _ typed: String, isFirst: Bool) -> [String] {
        switch argument {
        case .none, .text: []
        case .model: isFirst ? names.models + paths(typed, foldersOnly: true) : []
        case .adapter: isFirst ? names.adapters + paths(typed, foldersOnly: true) : []
        case .savedFile, .file: isFirst ? paths(typed, foldersOnly: false) : []
        case .job: names.jobs
        case .parameter:
            Self.settings(typed, among: Parameters.all.filter { $0.actsOnRequests || ModelSettings.isModelSetting($0) })
        case .run: isFirst ? paths(typed, foldersOnly: false) : Self.settings(typed, among: Parameters.all)
        }
    }

    private func paths(_ typed: String, foldersOnly: Bool) -> [String] {
        PathCompletion.paths(typed, in: workingDirectory, home: home, foldersOnly: foldersOnly)
    }

    /// Names with an equals sign, or after it the values that the parameter can take.
    private static func settings(_ typed: String, among rows: [ParameterDescription]) -> [String] {
        guard let equals = typed.firstIndex(of: "=") else { return rows.map { $0.name + "=" } }
        let name = String(typed[..<equals])
        guard let row = Parameters.named(name) else { return [] }
        let choices = row.choices.isEmpty && row.typeName == "bool" ? ["true", "false"] : row.choices
        return choices.map { name + "=" + $0 }
    }
}

import JSONDocuments
import TerminalOutput

/// A job as lists show it; the fields are those of the service's job object.
struct JobRow: Listable, JSONRow {
    static let headings = ["ID", "STATE", "KIND", "PROGRESS", "SUBMITTED", "OUTPUT"]
    let value: JSONValue

    var id: String { value["id"]?.string ?? "?" }
    var state: String { value["state"]?.string ?? "?" }
    /// The state, and what a running job is about to become.
    var stateText: String {
        switch value["wish"]?.string {
        case "cancel": "\(state), is being cancelled"
        case "pause": "\(state), is being paused"
        default: state
        }
    }
    var quietName: String { id }
    var json: String { value.serialized(.compact) }

    var cells: [String] {
        [
            id, state, value["kind"]?.string ?? "", progress, value["submitted_at"]?.string ?? "",
            value["output_dir"]?.string ?? "",
        ]
    }

    private var progress: String {
        if let queue = value["queue"], let position = queue["position"]?.integer {
            let start = queue["starts_in"]?.double.map { ", in " + ReadableNumbers.duration(seconds: $0) } ?? ""
            return "next \(position)\(start)"
        }
        let after = value["after"]?.array?.compactMap(\.string) ?? []
        if state == "waiting", !after.isEmpty { return "after " + after.joined(separator: ",") }
        let progress = value["progress"] ?? value
        guard let step = progress["step"]?.integer else { return "-" }
        guard let total = progress["total_steps"]?.integer, total > 0 else { return String(step) }
        return "\(step)/\(total)"
    }
}

extension ExitCode {
    /// What a finished job makes `run` and `watch` end with.
    init(finishedJob job: JSONValue) {
        self =
            switch job["state"]?.string {
            case "succeeded": .success
            case "cancelled": .cancelled
            case "failed": .jobFailed
            default: .internalError
            }
    }
}

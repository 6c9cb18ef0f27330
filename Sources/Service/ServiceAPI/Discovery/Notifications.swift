package import JSONDocuments
package import JSONRPC

/// A message without an answer: its name, who sends it and what it carries.
package protocol ServiceNotification: Codable, Sendable {
    static var name: String { get }
    static var summary: String { get }
    static var sender: NotificationSender { get }
}

package enum NotificationSender: String, Sendable { case daemon, client }

/// A piece of a long call's result.
package struct ProgressNotification: ServiceNotification, MembersExplained {
    package static let name = "$/progress"
    package static let summary = "A piece of a long call's result, before its answer."
    package static let sender = NotificationSender.daemon
    package static let memberNotes = [
        "request": "the id of the call", "value": "what the method's progress schema says",
    ]
    package var request: RPCIdentifier
    package var value: JSONValue
}

/// The state of a watched job when the watch began.
package struct JobSnapshotNotification: ServiceNotification, MembersExplained {
    package static let name = "job.snapshot"
    package static let summary = "The state of a watched job when the watch began."
    package static let sender = NotificationSender.daemon
    package static let memberNotes = [
        "request": "the id of the call of job.watch", "seq": "the number of the job's last event so far",
    ]
    package var request: RPCIdentifier
    package var job: Job
    package var seq: Int64
}

/// Something that happened to a watched job: the members of `JobEvent` beside the call's id.
package struct JobEventNotification: ServiceNotification, MembersExplained {
    package static let name = "job.event"
    package static let summary = "Something that happened to a watched job. Numbers have no gaps and do not repeat."
    package static let sender = NotificationSender.daemon
    package static var memberNotes: [String: String] {
        JobEvent.memberNotes.merging(["request": "the id of the call of job.watch"]) { $1 }
    }
    package var request: RPCIdentifier
    package var seq: Int64
    package var kind: JobEvent.Kind
    package var at: String
    package var fields: JSONObject
}

/// Stops a request, as the Language Server Protocol writes it.
package struct CancelRequestNotification: ServiceNotification, MembersExplained {
    package static let name = "$/cancelRequest"
    package static let summary = "Stops the request with this id; it is answered once, with its result or `cancelled`."
    package static let sender = NotificationSender.client
    package static let memberNotes = ["id": "the id of the request"]
    package var id: RPCIdentifier
}

/// Stops a request, as the Model Context Protocol writes it.
package struct CancelledNotification: ServiceNotification, MembersExplained {
    package static let name = "notifications/cancelled"
    package static let summary = "The same in the words of the Model Context Protocol."
    package static let sender = NotificationSender.client
    package static let memberNotes = ["requestId": "the id of the request", "reason": "for people; not used"]
    package var requestId: RPCIdentifier
    package var reason: String?
}

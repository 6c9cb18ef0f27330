/// Every public method, sorted by name.
package enum MethodRegistry {
    package static let methods: [any ServiceMethod.Type] = [
        Chat.self, ConfigSchema.self, ConfigValidate.self, DatasetPreview.self, Detokenize.self, Discover.self,
        Generate.self, JobCancel.self, JobGet.self, JobList.self, JobLogs.self, JobSubmit.self, JobWatch.self,
        LogProbabilities.self, ModelList.self, ModelLoad.self, ModelUnload.self, SystemInfo.self,
        SystemShutdown.self, Tokenize.self,
    ].sorted { $0.name < $1.name }

    /// Notifications that the daemon sends, with what they carry.
    package static let notifications: [(name: String, summary: String)] = [
        ("$/progress", "a piece of a long call's result: {request, value}"),
        ("job.event", "something that happened to a watched job: {request, job, seq, kind, at, fields}"),
        ("job.snapshot", "the state of a watched job when the watch began: {request, job, seq}"),
    ]

    /// Notifications that a client may send.
    package static let clientNotifications: [(name: String, summary: String)] = [
        ("$/cancelRequest", "stop the request with this id: {id}"),
        ("notifications/cancelled", "the same as the Model Context Protocol writes it: {requestId}"),
    ]
}

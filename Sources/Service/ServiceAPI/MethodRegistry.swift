/// Every public method, sorted by name.
package enum MethodRegistry {
    package static let methods: [any ServiceMethod.Type] = [
        AdapterList.self, AdapterLoad.self, AdapterUnload.self,
        Chat.self, ConfigFiles.self, ConfigPlan.self, ConfigSchema.self, ConfigValidate.self, DatasetPreview.self,
        Detokenize.self, Discover.self, Generate.self,
        JobCancel.self, JobCheckpointNow.self, JobFetch.self, JobFiles.self, JobFork.self, JobGet.self, JobList.self,
        JobLogs.self, JobMetrics.self, JobPause.self, JobPrioritize.self, JobRemove.self, JobRequeue.self,
        JobResume.self, JobSubmit.self, JobWait.self, JobWatch.self,
        LogProbabilities.self, ModelList.self, ModelLoad.self, ModelUnload.self, Score.self, SystemInfo.self,
        SystemShutdown.self, Tokenize.self,
    ].sorted { $0.name < $1.name }

    /// Every notification, those of the daemon first.
    package static let notifications: [any ServiceNotification.Type] = [
        ProgressNotification.self, JobEventNotification.self, JobSnapshotNotification.self,
        CancelRequestNotification.self, CancelledNotification.self,
    ]
}

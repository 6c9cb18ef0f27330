import JSONDocuments
import JobStore
import ServiceAPI
import StructuredLogging

/// Tells the journal what becomes of jobs: ids, states and kinds of errors, never names, paths or messages.
enum JobJournal {
    static func tell(_ stored: StoredJob, _ events: [JobEvent], in logger: Logger) {
        let job = stored.job
        for event in events where event.kind == .state {
            guard let state = event.fields["state"]?.string.flatMap(JobState.init) else { continue }
            let (id, user) = (job.id, String(job.owner))
            switch state {
            case .queued, .waiting:
                let isRetry = event.fields["retry_in"] != nil
                logger.log(isRetry ? .jobRetried : .jobQueued, ["job": id, "user": user])
            case .running:
                logger.log(.jobStarted, ["job": id, "user": user, "attempt": String(job.attempt)])
            case .paused: logger.log(.jobPaused, ["job": id, "user": user])
            case .succeeded:
                logger.log(.jobSucceeded, ["job": id, "user": user, "step": String(job.progress?.step ?? 0)])
            case .failed:
                logger.log(
                    .jobFailed,
                    [
                        "job": id, "user": user, "step": String(job.progress?.step ?? 0),
                        "kind": job.error?.kind.rawValue ?? "internal",
                    ])
            case .cancelled:
                logger.log(.jobCancelled, ["job": id, "user": user, "step": String(job.progress?.step ?? 0)])
            }
        }
    }
}

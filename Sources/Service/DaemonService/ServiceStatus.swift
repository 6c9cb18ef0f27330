package import ServiceAPI

/// The line that `systemctl status` shows.
package enum ServiceStatus {
    /// For example `1 running (job 42 step 310/1000), 3 queued, 2 models`.
    package static func line(running: [Job], counts: [JobState: Int], models: Int) -> String {
        var parts = ["\(running.count) running" + details(running)]
        for state in [JobState.queued, .waiting, .paused] {
            let count = counts[state] ?? 0
            if count > 0 || state == .queued { parts.append("\(count) \(state.rawValue)") }
        }
        parts.append("\(models) model\(models == 1 ? "" : "s")")
        return parts.joined(separator: ", ")
    }

    /// The first few jobs, by id only: names and paths belong to their owners.
    private static func details(_ running: [Job]) -> String {
        if running.isEmpty { return "" }
        let shown = running.prefix(3).map { job in
            guard let progress = job.progress, progress.totalSteps > 0 else { return "job \(job.id)" }
            return "job \(job.id) step \(progress.step)/\(progress.totalSteps)"
        }
        return " (\(shown.joined(separator: ", "))\(running.count > 3 ? ", ..." : ""))"
    }
}

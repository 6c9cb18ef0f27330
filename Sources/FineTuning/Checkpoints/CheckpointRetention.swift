/// Which checkpoints `save_total_limit` lets go.
package enum CheckpointRetention {
    /// The oldest beyond the limit, but never the best one and never the newest.
    ///
    /// With a limit of one and a best checkpoint that is not the newest, two stay.
    /// - Parameters:
    ///   - steps: steps of the checkpoints that exist, oldest first; an earlier run's may have larger numbers
    ///   - limit: nil or 0 keeps all
    ///   - best: step of the best model so far
    package static func stepsToRemove(oldestFirst steps: [Int], limit: Int?, best: Int?) -> [Int] {
        guard let limit, limit > 0, steps.count > limit, let newest = steps.last else { return [] }
        let hasOtherBest = best.map { $0 != newest && steps.contains($0) } ?? false
        let kept = limit == 1 && hasOtherBest ? 2 : limit
        let candidates = steps.filter { $0 != newest && $0 != best }
        return Array(candidates.prefix(max(0, steps.count - kept)))
    }
}

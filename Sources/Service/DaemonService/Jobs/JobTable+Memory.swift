import JobStore
import LinuxSystem
import Scheduling
import ServiceAPI
import StructuredLogging
import WorkerSupervision

extension JobTable {
    /// A plan may be wrong by this even for the smallest run: libraries, logs, the allocator's own keeping.
    private static let leastMargin = 128 << 20
    /// Pages of files that are not weights: data sets, and checkpoints on their way to the disk.
    private static let fileAllowance = 256 << 20

    /// What a job's worker may hold: its plan with a margin, so that a plan that is wrong costs no other job its memory.
    func memory(for job: Job) -> WorkerMemory {
        var memory = WorkerMemory(limit: limits.workerMemory)
        if let plan = job.memory {
            memory.plannedPeak = plan.plannedPeakBytes
            let (margin, isTooMuch) = (plan.plannedPeakBytes / 100).multipliedReportingOverflow(by: limits.planMargin)
            let planned = isTooMuch ? Int.max : plan.plannedPeakBytes + margin + Self.leastMargin
            if planned < memory.limit ?? .max { (memory.limit, memory.setting) = (planned, "limits.plan_margin") }
        }
        guard let groups else { return memory }
        // A group's bound counts pages of files too, so it has room for those that the run maps.
        let files = (job.memory?.mappedWeightBytes ?? 0) + Self.fileAllowance
        let most = job.memory == nil ? machine.memoryBytes : memory.limit.map { $0 + min(files, .max - $0) }
        do {
            memory.group = try groups.group("job-\(job.id)", memoryMaximum: most)
        } catch {
            logger.warning("a job has no control group; its memory is watched", ["job": job.id, "reason": "\(error)"])
        }
        return memory
    }
}

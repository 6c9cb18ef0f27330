import Glibc
import JobStore
import LinuxSystem
import ServiceAPI

func describeSystem(_ call: MethodCall<SystemInfo>) throws {
    call.ask({ jobs in try jobs.store.counts() }, then: { call.succeed(description(of: call.daemon, jobs: $0)) })
}

private func description(of daemon: Daemon, jobs: [JobState: Int]) -> SystemInfo.Result {
    SystemInfo.Result(
        version: Daemon.version, apiLevel: ServiceAPI.apiLevel, process: getpid(), socket: daemon.options.socket,
        stateDirectory: daemon.options.stateDirectory, startedAt: daemon.startedAt,
        vectorInstructions: CPUFeatures.vectorInstructions, matrixTiles: CPUFeatures.hasTiles,
        openBLASCoreType: CPUFeatures.openBLASCoreType,
        cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
        memoryBytes: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)),
        memoryBudgetBytes: daemon.options.limits.memoryBudget, residentBytes: MemoryUsage()?.resident ?? 0,
        memoryControl: daemon.memoryControl.name, memoryControlReason: daemon.memoryControl.reason,
        jobs: Dictionary(uniqueKeysWithValues: jobs.map { ($0.key.rawValue, $0.value) }), models: daemon.models.count,
        limits: daemon.options.limits.published, settings: daemon.options.limits.described,
        settingsFiles: daemon.options.settingsFiles)
}

func shutDown(_ call: MethodCall<SystemShutdown>) throws -> Nothing {
    // After the answer has been sent.
    call.daemon.loop.after(0) { [weak daemon = call.daemon] in daemon?.stop() }
    return Nothing()
}

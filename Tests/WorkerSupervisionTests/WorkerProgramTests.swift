import Glibc
import LinuxSystem
import Testing
import WorkerSupervision

/// What a worker inherits is chosen name by name: a daemon's environment may hold secrets.
@Suite(.serialized) struct WorkerProgramTests {
    private func environment(with variables: [String: String]) -> [String] {
        for (name, value) in variables { setenv(name, value, 1) }
        defer { for name in variables.keys { unsetenv(name) } }
        return WorkerProgram.located().environment
    }

    @Test func onlyKnownVariablesArePassed() {
        let passed = environment(with: [
            "HF_HOME": "/models", "HF_HUB_CACHE": "/hub", "LC_TIME": "C", "FINETUNED_KERNELS": "scalar",
            "IMAGE_PLACEHOLDER": "<picture>", "API_TOKEN": "secret",
            "LD_PRELOAD_EXAMPLE": "/lib.so",
        ])
        #expect(
            Set([
                "HF_HOME=/models", "HF_HUB_CACHE=/hub", "LC_TIME=C", "FINETUNED_KERNELS=scalar",
                "IMAGE_PLACEHOLDER=<picture>",
            ])
            .isSubset(of: passed))
        #expect(!passed.contains { $0.contains("secret") || $0.hasPrefix("LD_PRELOAD_EXAMPLE") })
    }

    @Test func openBLASIsToldItsKernels() {
        let given = environment(with: ["OPENBLAS_CORETYPE": "Haswell"])
        #expect(given.contains("OPENBLAS_CORETYPE=Haswell"))
        let chosen = environment(with: [:]).filter { $0.hasPrefix("OPENBLAS_CORETYPE=") }
        #expect(chosen == (CPUFeatures.openBLASCoreType.map { ["OPENBLAS_CORETYPE=\($0)"] } ?? []))
    }

    @Test func theProgramMayBeNamed() {
        setenv("FINETUNED_WORKER", "/opt/worker", 1)
        defer { unsetenv("FINETUNED_WORKER") }
        #expect(WorkerProgram.located().path == "/opt/worker")
    }
}

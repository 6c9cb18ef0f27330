import Glibc
import LinuxSystem

/// How workers are started.
package struct WorkerProgram: Sendable {
    package var path: String
    package var environment: [String]

    package init(path: String, environment: [String]) {
        self.path = path
        self.environment = environment
    }

    /// The number of the socket in the worker.
    package static let socketNumber: Int32 = 3

    /// `FINETUNED_WORKER`, else `finetuned-worker` beside this program.
    package static func located() -> WorkerProgram {
        let variables = EnvironmentVariables.allOfProcess
        let program = variables["FINETUNED_WORKER"] ?? FileSystem.programBesideThisOne("finetuned-worker")
        let passed = variables.filter { name, _ in
            passedNames.contains(name) || name.hasPrefix("FINETUNED_") || name.hasPrefix("LC_")
        }
        let environment = OpenBLASEnvironment.completing(passed)
        return WorkerProgram(path: program, environment: environment.map { "\($0.key)=\($0.value)" }.sorted())
    }

    private static let passedNames: Set = [
        "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "MODELSCOPE_CACHE", "USE_MODELSCOPE_HUB",
        "USE_OPENMIND_HUB", "XDG_CACHE_HOME", "HOME", "LANG", OpenBLASEnvironment.coreType, "PATH", "TMPDIR", "TZ",
        "IMAGE_PLACEHOLDER", "VIDEO_PLACEHOLDER", "AUDIO_PLACEHOLDER",
    ]
}

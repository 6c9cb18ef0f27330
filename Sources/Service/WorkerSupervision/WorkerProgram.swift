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
        var variables: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee.map({ unsafe String(cString: $0) }) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            unsafe entry += 1
        }
        let program = variables["FINETUNED_WORKER"] ?? Path.parent(of: ownPath()) + "/finetuned-worker"
        let passed = variables.filter { name, _ in
            passedNames.contains(name) || name.hasPrefix("FINETUNED_") || name.hasPrefix("LC_")
        }
        let environment = OpenBLASEnvironment.completing(passed)
        return WorkerProgram(path: program, environment: environment.map { "\($0.key)=\($0.value)" }.sorted())
    }

    private static let passedNames: Set = [
        "HF_HOME", "HF_HUB_CACHE", "HOME", "LANG", OpenBLASEnvironment.coreType, "PATH", "TMPDIR", "TZ",
        "IMAGE_PLACEHOLDER", "VIDEO_PLACEHOLDER", "AUDIO_PLACEHOLDER",
    ]

    private static func ownPath() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { unsafe readlink("/proc/self/exe", $0, bytes.count) } ?? -1
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : CommandLine.arguments[0]
    }
}

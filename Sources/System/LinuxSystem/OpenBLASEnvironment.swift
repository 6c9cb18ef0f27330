import Glibc

/// What OpenBLAS reads from the environment while it is loaded; programs, tests and benchmarks all get it from here.
package enum OpenBLASEnvironment {
    /// The name of the variable that says which processor's kernels are used.
    package static let coreType = "OPENBLAS_CORETYPE"
    private static let threads = "OPENBLAS_NUM_THREADS"

    /// `variables` for a process that will load OpenBLAS. What they say about its kernels stays.
    package static func completing(_ variables: [String: String]) -> [String: String] {
        var variables = variables
        variables[coreType] = variables[coreType] ?? CPUFeatures.openBLASCoreType
        // Products are split by the callers; threads of its own would fight them for the cores.
        variables[threads] = "1"
        return variables
    }

    /// Completes this process's own; to be called before other threads read it, and before the library is opened.
    package static func complete() {
        let names = [coreType, threads]
        let present = names.compactMap { name in
            unsafe getenv(name).map { unsafe (name, String(cString: $0)) }
        }
        let given = Dictionary(uniqueKeysWithValues: present)
        for (name, value) in completing(given) where given[name] != value { setenv(name, value, 1) }
    }
}

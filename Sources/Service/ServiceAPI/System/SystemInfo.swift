package enum SystemInfo: ServiceMethod {
    package static let name = "system.info"
    package static let summary = "Versions, limits, the processor, memory, and what is running."
    package static let parameters: [MethodParameter] = []
    package typealias Parameters = Nothing

    package struct Result: Codable, Sendable {
        package var version: String
        /// Rises when a method or a member is added.
        package var apiLevel: Int
        package var process: Int32
        package var socket: String
        package var stateDirectory: String
        package var startedAt: String
        /// `avx512`, `avx2` or `sse2`.
        package var vectorInstructions: String
        /// Whether the processor has tiles for bfloat16 (AMX).
        package var matrixTiles: Bool
        /// What workers pass to OpenBLAS as OPENBLAS_CORETYPE.
        package var openBLASCoreType: String?
        package var cores: Int
        /// What the machine has.
        package var memoryBytes: Int
        /// What jobs and models may hold together.
        package var memoryBudgetBytes: Int
        /// The daemon's own resident bytes.
        package var residentBytes: Int
        /// `cgroup` or `watch`: how a worker's memory is bounded.
        package var memoryControl: String
        /// Why there are no control groups.
        package var memoryControlReason: String?
        package var jobs: [String: Int]
        package var models: Int
        package var limits: [String: Int]
        /// Every setting of finetuned.yaml as it is in force, as text.
        package var settings: [String: String]
        /// The files that the settings came from.
        package var settingsFiles: [String]

        package init(
            version: String, apiLevel: Int, process: Int32, socket: String, stateDirectory: String, startedAt: String,
            vectorInstructions: String, matrixTiles: Bool, openBLASCoreType: String?, cores: Int, memoryBytes: Int,
            memoryBudgetBytes: Int, residentBytes: Int, memoryControl: String, memoryControlReason: String?,
            jobs: [String: Int], models: Int, limits: [String: Int],
            settings: [String: String], settingsFiles: [String]
        ) {
            self.version = version
            self.apiLevel = apiLevel
            self.process = process
            self.socket = socket
            self.stateDirectory = stateDirectory
            self.startedAt = startedAt
            self.vectorInstructions = vectorInstructions
            self.matrixTiles = matrixTiles
            self.openBLASCoreType = openBLASCoreType
            self.cores = cores
            self.memoryBytes = memoryBytes
            self.memoryBudgetBytes = memoryBudgetBytes
            self.residentBytes = residentBytes
            self.memoryControl = memoryControl
            self.memoryControlReason = memoryControlReason
            self.jobs = jobs
            self.models = models
            self.limits = limits
            self.settings = settings
            self.settingsFiles = settingsFiles
        }

        enum CodingKeys: String, CodingKey {
            case version, process, socket, cores, jobs, models, limits, settings
            case settingsFiles = "settings_files"
            case apiLevel = "api_level"
            case stateDirectory = "state_dir"
            case startedAt = "started_at"
            case vectorInstructions = "vector_instructions"
            case matrixTiles = "matrix_tiles"
            case openBLASCoreType = "openblas_core_type"
            case memoryBytes = "memory_bytes"
            case residentBytes = "resident_bytes"
            case memoryBudgetBytes = "memory_budget_bytes"
            case memoryControl = "memory_control"
            case memoryControlReason = "memory_control_reason"
        }
    }
}

package enum SystemShutdown: ServiceMethod {
    package static let name = "system.shutdown"
    package static let summary = "Stops the daemon; running jobs write a checkpoint and go on at the next start."
    package static let parameters: [MethodParameter] = []
    package static let access = MethodAccess.administrator
    package typealias Parameters = Nothing
    package typealias Result = Nothing
}

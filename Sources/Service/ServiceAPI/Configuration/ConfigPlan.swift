package enum ConfigPlan: ServiceMethod {
    package static let name = "config.plan"
    package static let summary = "What a run will hold in memory and how long it takes, without starting it."
    package static let parameters = [
        MethodParameter("config", "object", required: true, "{text, name} or {object}"), overrides, workingDirectory,
    ]
    package static let errors: [ErrorKind] = [
        .badConfig, .badData, .badModel, .notAvailable, .notFound, .permission, .workerCrashed,
    ]
    package typealias Parameters = ConfigValidate.Parameters
    package typealias Result = MemoryPlan
}

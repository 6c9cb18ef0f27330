import JSONDocuments

/// Which modules an adapter is for: a list of names, or one regular expression over whole paths.
package enum TargetModules: Sendable, Equatable {
    case names([String])
    case expression(String)
}

/// What `adapter_config.json` of PEFT says about an adapter.
package struct AdapterConfiguration: Sendable, Equatable {
    package var baseModel: String?
    package var revision: String?
    package var targetModules: TargetModules
    package var excludedModules: TargetModules?
    /// Layer numbers that targets given as names are restricted to; nil for all.
    package var layers: [Int]?
    /// Names of the lists whose numbers those are; empty for any.
    package var layersPattern: [String]
    /// Ends of the paths of modules that are trained whole and kept with the adapter.
    package var modulesToSave: [String]
    /// What stands beside each of the modules.
    package var kind: any AdapterKind
    /// What people should know who use the adapter: what its file says in vain.
    package var warnings: [String] = []

    package init(
        baseModel: String?, revision: String? = nil, targetModules: TargetModules, modulesToSave: [String] = [],
        kind: any AdapterKind
    ) {
        self.baseModel = baseModel
        self.revision = revision
        self.targetModules = targetModules
        self.modulesToSave = modulesToSave
        self.kind = kind
        excludedModules = nil
        layers = nil
        layersPattern = []
    }

    /// As above, for LoRA.
    package init(
        baseModel: String?, revision: String? = nil, rank: Int, alpha: Double, dropout: Double = 0,
        targetModules: TargetModules, usesRankStabilization: Bool = false, usesDoRA: Bool = false,
        modulesToSave: [String] = []
    ) {
        self.init(
            baseModel: baseModel, revision: revision, targetModules: targetModules, modulesToSave: modulesToSave,
            kind: LoRA(
                rank: rank, alpha: alpha, dropout: dropout, usesRankStabilization: usesRankStabilization,
                usesDoRA: usesDoRA))
    }

    /// The settings of LoRA; nil for another kind.
    package var lora: LoRA? { kind as? LoRA }

    package var rank: Int { kind.rank }

    /// What the adapter's files say.
    var written: AdapterConfiguration {
        var result = self
        result.kind = kind.written
        return result
    }

    package static func == (left: AdapterConfiguration, right: AdapterConfiguration) -> Bool {
        left.json == right.json
    }
}

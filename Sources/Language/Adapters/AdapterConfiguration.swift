import JSONDocuments

/// Which modules an adapter is for: a list of names, or one regular expression over whole paths.
package enum TargetModules: Sendable, Equatable {
    case names([String])
    case expression(String)
}

/// What `adapter_config.json` of PEFT says about a LoRA adapter.
package struct AdapterConfiguration: Sendable, Equatable {
    package var baseModel: String?
    package var revision: String?
    package var rank: Int
    package var alpha: Double
    package var dropout: Double
    package var targetModules: TargetModules
    package var excludedModules: TargetModules?
    /// Layer numbers the adapter is restricted to; nil for all.
    package var layers: [Int]?
    package var usesRankStabilization: Bool
    /// Whether each row's magnitude is trained beside its direction (arXiv 2402.09353).
    package var usesDoRA: Bool
    /// Ends of the paths of modules that are trained whole and kept with the adapter.
    package var modulesToSave: [String]
    /// Ranks of modules that differ, by an expression for the end of their paths; the first that matches holds.
    package var rankPattern: [(pattern: String, value: Int)]
    /// Alphas of modules that differ.
    package var alphaPattern: [(pattern: String, value: Double)]
    /// What people should know who use the adapter: what its file says in vain.
    package var warnings: [String] = []

    package init(
        baseModel: String?, revision: String? = nil, rank: Int, alpha: Double, dropout: Double = 0,
        targetModules: TargetModules, usesRankStabilization: Bool = false, usesDoRA: Bool = false,
        modulesToSave: [String] = []
    ) {
        self.baseModel = baseModel
        self.revision = revision
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.targetModules = targetModules
        self.usesRankStabilization = usesRankStabilization
        self.usesDoRA = usesDoRA
        self.modulesToSave = modulesToSave
        excludedModules = nil
        layers = nil
        rankPattern = []
        alphaPattern = []
    }

    /// What the low-rank product is multiplied by: alpha / rank, or alpha / sqrt(rank) when rank-stabilized
    /// (arXiv 2312.03732).
    package func scaling(rank: Int, alpha: Double) -> Double {
        alpha / (usesRankStabilization ? Double(rank).squareRoot() : Double(rank))
    }

    package func rank(of path: String) throws -> Int {
        for (pattern, value) in rankPattern where try PathExpression(pattern, suffix: true).matches(path) {
            return value
        }
        return rank
    }

    package func alpha(of path: String) throws -> Double {
        for (pattern, value) in alphaPattern where try PathExpression(pattern, suffix: true).matches(path) {
            return value
        }
        return alpha
    }

    package static func == (left: AdapterConfiguration, right: AdapterConfiguration) -> Bool {
        left.json == right.json
    }
}

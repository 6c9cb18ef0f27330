import Glibc
package import LanguageModels
package import RunConfiguration

/// What a run asks of the model beside its files: positions, attention, depth and the balance of experts.
extension ModelConfiguration {
    /// - Parameters:
    ///   - adapterFolders: the adapters that the run begins with
    ///   - note: tells people what follows
    /// - Throws: `ConfigurationError` for what the model cannot be
    mutating func adopt(
        _ configuration: RunConfiguration, adapterFolders: [String], note: (String) -> Void
    ) throws {
        try adoptDepth(configuration)
        try adoptStretch(configuration, adapterFolders: adapterFolders, note: note)
        if configuration[Parameters.shiftAttn] {
            guard !skipsDepth else {
                throw configuration.conflict(
                    Parameters.shiftAttn,
                    reason: "groups are cut from whole rows, which not every layer of mixture of depths has",
                    hint: "take out `shift_attn`")
            }
            shiftsAttention = true
        }
        if let weight = configuration[Parameters.moeAuxLossCoef], weight != 0 { expertBalanceWeight = weight }
        guard expertBalanceWeight != nil else { return }
        if !family.hasExperts {
            note("`moe_aux_loss_coef` does not act: \(family.modelType) models have no mixtures of experts")
        } else if ![.pt, .sft].contains(configuration[Parameters.stage]) {
            note("`moe_aux_loss_coef` acts in the stages pt and sft; here the experts are not balanced")
        }
    }

    private mutating func adoptDepth(_ configuration: RunConfiguration) throws {
        let parameter = Parameters.mixtureOfDepths
        switch configuration[parameter] {
        case "convert":
            guard !skipsDepth else {
                throw configuration.conflict(
                    parameter, reason: "the model has mixture of depths already", hint: "set `mixture_of_depths: load`")
            }
            guard family.allowsMixtureOfDepths else {
                throw configuration.conflict(
                    parameter, reason: "\(family.modelType) models cannot be converted to mixture of depths",
                    hint: "available are \(ModelFamilies.namesWithMixtureOfDepths.joined(separator: ", "))")
            }
            skipsDepth = true
        case "load":
            guard skipsDepth else {
                throw configuration.conflict(
                    parameter,
                    reason: "the model has no mixture of depths: its config.json does not name "
                        + family.depthArchitecture, hint: "set `mixture_of_depths: convert`, or take it out")
            }
        default: break
        }
    }

    /// The part of `adopt` that a reference model has in common with the one that is trained.
    mutating func adoptStretch(
        _ configuration: RunConfiguration, adapterFolders: [String], note: (String) -> Void
    ) throws {
        let remembered = try adapterFolders.compactMap { folder in
            try PositionStretch(adapterFolder: folder).map { (folder, $0) }
        }.last
        guard let kind = configuration[Parameters.ropeScaling].flatMap(PositionStretch.Kind.init(rawValue:)) else {
            if let theta = configuration[Parameters.ropeTheta] {
                stretch(PositionStretch(kind: remembered?.1.kind, factor: remembered?.1.factor ?? 1, theta: theta))
            } else if let (folder, stretch) = remembered {
                self.stretch(stretch)
                note("positions are \(stretch.description), as the adapter \(folder) was trained with")
            }
            return
        }
        let (old, wanted) = (unstretchedPositions, configuration[Parameters.cutoffLen])
        var factor = (Double(wanted) / Double(old)).rounded(.up)
        if let given = configuration[Parameters.ropeScalingFactor] {
            factor = given
        } else if wanted <= old {
            note(
                "`rope_scaling` does not act: `cutoff_len` is \(wanted), and the model takes \(old) tokens as it is "
                    + "(`rope_scaling_factor` would stretch it all the same)")
            if let theta = configuration[Parameters.ropeTheta] {
                stretch(PositionStretch(kind: nil, factor: 1, theta: theta))
            }
            return
        }
        let stretch = PositionStretch(kind: kind, factor: factor, theta: configuration[Parameters.ropeTheta])
        self.stretch(stretch)
        note("positions are \(stretch.description), for \(maximumPositions) tokens instead of \(old)")
        if kind == .dynamic {
            note("`rope_scaling: dynamic` is made for inference; models trained with it may do worse")
        }
        if let (folder, other) = remembered, other != stretch {
            note("the adapter \(folder) was trained with other positions: \(other.description)")
        }
    }

    /// As `adopt`, for requests to a model in memory: a stretch whose factor is not given is by 2.
    package mutating func adoptForInference(_ configuration: RunConfiguration) throws {
        if configuration[Parameters.mixtureOfDepths] == "convert" {
            throw configuration.conflict(
                Parameters.mixtureOfDepths, reason: "a model is converted to mixture of depths by training it",
                hint: "take it out, or set `mixture_of_depths: load` for a model that was")
        }
        try adoptDepth(configuration)
        let kind = configuration[Parameters.ropeScaling].flatMap(PositionStretch.Kind.init(rawValue:))
        let theta = configuration[Parameters.ropeTheta]
        guard kind != nil || theta != nil else { return }
        stretch(
            PositionStretch(
                kind: kind ?? stretch?.kind,
                factor: configuration[Parameters.ropeScalingFactor] ?? (kind == nil ? stretch?.factor ?? 1 : 2),
                theta: theta))
    }
}

extension PositionStretch {
    fileprivate var description: String {
        let scaling = kind.map { "stretched by \(factor) (\($0.rawValue))" }
        let base = theta.map { "rotated from the base \($0)" }
        return [scaling, base].compactMap(\.self).joined(separator: " and ")
    }
}

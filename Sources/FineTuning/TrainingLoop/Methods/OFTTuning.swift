import Adapters
import RunConfiguration

/// `finetuning_type: oft`
enum OFTTuning: AdapterTuning {
    static let name = FinetuningType.oft

    /// `oft_target`; where only `lora_target` is given that, which is what the reference reads in any case.
    static func targets(_ configuration: RunConfiguration) -> (parameter: Parameter<[String]>, names: [String]) {
        let parameter =
            configuration.isExplicit(Parameters.oftTarget) || !configuration.isExplicit(Parameters.loraTarget)
            ? Parameters.oftTarget : Parameters.loraTarget
        return (parameter, configuration[parameter])
    }

    static func kind(_ configuration: RunConfiguration) -> any AdapterKind {
        OFT(
            rank: configuration[Parameters.oftRank], blockSize: configuration[Parameters.oftBlockSize],
            dropout: configuration[Parameters.moduleDropout])
    }

    static func differences(_ configuration: RunConfiguration, from adapter: AdapterConfiguration) -> [SettingInVain] {
        func setting<Value: ParameterValue & Equatable>(_ parameter: Parameter<Value>, own: Value) -> SettingInVain? {
            SettingInVain(parameter, configuration, says: configuration[parameter], own: own)
        }
        let saved = SettingInVain(
            Parameters.additionalTarget, configuration, says: configuration[Parameters.additionalTarget] ?? [],
            own: adapter.modulesToSave)
        guard let oft = adapter.kind as? OFT else { return [saved].compactMap(\.self) }
        return [
            setting(Parameters.oftRank, own: oft.rank), setting(Parameters.oftBlockSize, own: oft.blockSize),
            setting(Parameters.moduleDropout, own: oft.dropout), saved,
        ].compactMap(\.self)
    }
}

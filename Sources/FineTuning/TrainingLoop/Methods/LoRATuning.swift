import Adapters
import RunConfiguration

/// `finetuning_type: lora`
enum LoRATuning: AdapterTuning {
    static let name = FinetuningType.lora

    static func targets(_ configuration: RunConfiguration) -> (parameter: Parameter<[String]>, names: [String]) {
        (Parameters.loraTarget, configuration[Parameters.loraTarget])
    }

    static func kind(_ configuration: RunConfiguration) -> any AdapterKind {
        LoRA(
            rank: configuration[Parameters.loraRank], alpha: Double(configuration.loraAlphaInEffect),
            dropout: configuration[Parameters.loraDropout],
            usesRankStabilization: configuration[Parameters.useRslora], usesDoRA: configuration[Parameters.useDora],
            start: configuration[Parameters.pissaInit]
                ? .pissa(rounds: configuration[Parameters.pissaIter]) : .unchanged)
    }

    static func differences(_ configuration: RunConfiguration, from adapter: AdapterConfiguration) -> [SettingInVain] {
        func setting<Value: ParameterValue & Equatable>(_ parameter: Parameter<Value>, own: Value) -> SettingInVain? {
            SettingInVain(parameter, configuration, says: configuration[parameter], own: own)
        }
        let saved = SettingInVain(
            Parameters.additionalTarget, configuration, says: configuration[Parameters.additionalTarget] ?? [],
            own: adapter.modulesToSave)
        guard let lora = adapter.lora else { return [saved].compactMap(\.self) }
        return [
            setting(Parameters.loraRank, own: lora.rank),
            SettingInVain(
                Parameters.loraAlpha, configuration, says: Double(configuration.loraAlphaInEffect), own: lora.alpha),
            setting(Parameters.loraDropout, own: lora.dropout),
            setting(Parameters.useRslora, own: lora.usesRankStabilization),
            setting(Parameters.useDora, own: lora.usesDoRA), saved,
        ].compactMap(\.self)
    }
}

/// Every target, by name.
package enum FuzzTargets {
    package static let all: [any FuzzTarget.Type] = [
        ArrowTarget.self, CompressedRowsTarget.self, ConfigurationTarget.self, GGUFTarget.self, HubCardTarget.self,
        JSONTarget.self,
        JSONRowsTarget.self, ModelConfigurationTarget.self, ParquetTarget.self, SafetensorsTarget.self,
        SeparatedRowsTarget.self, TemplateTarget.self,
        TokenizerTarget.self,
        WireTarget.self,
    ]
}

/// Every target, by name.
package enum FuzzTargets {
    package static let all: [any FuzzTarget.Type] = [
        ConfigurationTarget.self, JSONTarget.self, JSONRowsTarget.self, SafetensorsTarget.self,
        SeparatedRowsTarget.self,
        TokenizerTarget.self, WireTarget.self,
    ]
}

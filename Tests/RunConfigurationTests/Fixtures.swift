import Foundation
import RunConfiguration

/// A fixture's text.
func fixture(_ name: String) throws -> String {
    let folder = Bundle.module.resourceURL?.appendingPathComponent("Fixtures")
    guard let url = folder?.appendingPathComponent(name) else { throw CocoaError(.fileNoSuchFile) }
    return try String(contentsOf: url, encoding: .utf8)
}

/// The first problem that `yaml` has as a training configuration.
func problem(_ yaml: String, overrides: [String] = [], for purpose: RunConfiguration.Purpose = .training)
    -> ConfigurationError?
{
    do throws(ConfigurationError) {
        _ = try RunConfiguration.parse(yaml: yaml, name: "run.yaml", overrides: overrides).validated(for: purpose)
        return nil
    } catch {
        return error
    }
}

/// A smallest valid training configuration with further lines.
func training(_ lines: String...) -> String {
    ([
        "model_name_or_path: model", "do_train: true", "dataset: demo", "template: qwen",
    ] + lines).joined(separator: "\n") + "\n"
}

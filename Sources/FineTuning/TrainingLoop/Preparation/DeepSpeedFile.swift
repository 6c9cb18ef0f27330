import LinuxSystem
import RunConfiguration

/// Looks into the file that `deepspeed` names for settings that would change results.
///
/// - Parameter note: told when the file cannot be read, for nothing else of it is needed here
/// - Throws: `ConfigurationError`
func checkDeepSpeedFile(_ configuration: RunConfiguration, _ paths: PathResolver, note: (String) -> Void) throws {
    guard case .path(let name) = configuration[Parameters.deepspeed] else { return }
    let path = try paths.absolute(name, parameter: "deepspeed")
    do {
        let bytes = try MappedFile.contents(of: path, limit: 1 << 20)
        try configuration.checkDeepSpeed(fileContents: String(decoding: bytes, as: UTF8.self), path: path)
    } catch let error as SystemError {
        note("`deepspeed`: \(error); whether the file sets an optimizer or a schedule of its own is not known")
    }
}

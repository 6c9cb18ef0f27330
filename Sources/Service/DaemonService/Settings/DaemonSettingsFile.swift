import Glibc
package import LinuxSystem
package import RunConfiguration

/// Reads `finetuned.yaml` and its drop-ins strictly: every key is known and every value fits, or nothing is taken.
package enum DaemonSettingsFile {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(SystemError)
        case badText(String, TextEncoding.Failure)
        case badYAML(ConfigurationError)
        case unknownKey(String, at: String, nearest: String?)
        case wrongValue(key: String, at: String, expected: String, found: String)

        package var description: String {
            switch self {
            case .unreadable(let error): "the settings cannot be read: \(error)"
            case .badText(let file, let problem): "\(file) cannot be read: \(problem)"
            case .badYAML(let error): error.description
            case .unknownKey(let key, let place, let nearest):
                "\(place): there is no setting `\(key)` ("
                    + (nearest.map { "did you mean `\($0)`?" } ?? "finetuned.yaml(5) lists them") + ")"
            case .wrongValue(let key, let place, let expected, let found):
                "\(place): `\(key)` takes \(expected), not `\(found)`"
            }
        }
    }

    /// The file, when it is there, and the drop-ins `FILE.d/*.yaml` in the order of their names.
    static func files(of path: String) -> [String] {
        let folder = path + ".d"
        let names = (try? FileSystem.entries(of: folder)) ?? []
        let additions = names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.map { "\(folder)/\($0)" }
        return (FileSystem.kind(of: path) == nil ? [] : [path]) + additions
    }

    /// The settings that these files leave, later ones winning, with defaults for the rest.
    static func read(_ files: [String]) throws(Failure) -> DaemonLimits {
        var limits = DaemonLimits()
        for file in files {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try FileDescriptor.open(file, O_RDONLY).readAll(limit: largestFile, subject: file)
            } catch {
                throw .unreadable(error)
            }
            let text: String
            do throws(TextEncoding.Failure) {
                text = try TextEncoding.text(of: bytes)
            } catch {
                throw .badText(file, error)
            }
            try apply(text, name: file, to: &limits)
        }
        return limits
    }

    /// YAMLDocument refuses larger ones with their size.
    private static let largestFile = (1 << 20) + 1

    /// Takes over what one file says.
    package static func apply(_ text: String, name: String, to limits: inout DaemonLimits) throws(Failure) {
        let values: [LocatedValue]
        do throws(ConfigurationError) {
            values = try LocatedValue.all(yaml: text, name: name)
        } catch {
            throw .badYAML(error)
        }
        for entry in values {
            // A file of comments, or a section without anything below it.
            let isEmpty = entry.value == .null || entry.value == .mapping([])
            if isEmpty, entry.keys.count < 2, entry.keys.allSatisfy(sections.contains) { continue }
            if entry.keys.isEmpty {
                throw .wrongValue(
                    key: "the file", at: entry.place.description, expected: "a mapping of sections",
                    found: String(entry.value.description.prefix(80)))
            }
            let key = entry.keys.joined(separator: ".")
            guard let setting = DaemonSetting.all.first(where: { $0.name == key }) else {
                throw .unknownKey(key, at: entry.place.description, nearest: nearest(to: key))
            }
            guard let number = setting.form.number(of: entry.value) else {
                throw .wrongValue(
                    key: key, at: entry.place.description, expected: setting.form.expectation,
                    found: String(entry.value.description.prefix(80)))
            }
            limits[keyPath: setting.path] = number
        }
    }

    private static let sections = Set(DaemonSetting.all.map(\.section))

    private static func nearest(to key: String) -> String? {
        DaemonSetting.all.map { (name: $0.name, distance: EditDistance.between($0.name, key, atMost: 6)) }
            .filter { $0.distance <= 6 }.min { $0.distance < $1.distance }?.name
    }
}

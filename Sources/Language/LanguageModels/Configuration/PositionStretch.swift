import Glibc
import JSONDocuments
import LinuxSystem
package import WeightFiles

/// How a run stretches a model's positions beyond the length that it was trained for: `rope_scaling`, with its factor
/// and base. A model that is saved whole keeps it in `config.json`; beside an adapter it is a file of its own.
package struct PositionStretch: Equatable, Sendable {
    /// The kinds that can be asked for, by their names.
    package enum Kind: String, CaseIterable, Sendable { case linear, dynamic, yarn, llama3 }

    /// Nil where only the base is another.
    package var kind: Kind?
    package var factor: Double
    /// `rope_theta`; nil for the model's own.
    package var theta: Double?

    package init(kind: Kind?, factor: Double, theta: Double? = nil) {
        self.kind = kind
        self.factor = factor
        self.theta = theta
    }
}

extension ModelConfiguration {
    /// The length that the model was trained for, before any stretching of its positions.
    package var unstretchedPositions: Int {
        switch rotary.scaling {
        case .none, .linear: maximumPositions
        case .dynamic(_, let original): original ?? maximumPositions
        case .llama3(_, _, _, let original): original
        case .yarn(let yarn): yarn.originalPositions
        case .longrope(let longrope): longrope.originalPositions
        }
    }

    /// Stretches the positions; what was stretched before begins anew from the length before that.
    package mutating func stretch(_ stretch: PositionStretch) {
        self.stretch = stretch
        if let theta = stretch.theta { rotary.theta = theta }
        guard let kind = stretch.kind else { return }
        let (original, factor) = (unstretchedPositions, stretch.factor)
        switch kind {
        case .linear: rotary.scaling = .linear(factor: factor)
        case .dynamic: rotary.scaling = .dynamic(factor: factor, originalPositions: original)
        case .llama3:
            rotary.scaling = .llama3(
                factor: factor, lowFrequency: 1, highFrequency: 4, originalPositions: original)
        case .yarn:
            rotary.scaling = .yarn(
                RotaryScaling.Yarn(
                    factor: factor, originalPositions: original, betaFast: 32, betaSlow: 1, truncate: true,
                    attentionFactor: factor <= 1 ? 1 : 0.1 * log(factor) + 1))
        }
        maximumPositions = Int(min((Double(original) * factor).rounded(.up), Double(1 << 30)))
        rotary.maximumPositions = maximumPositions
    }
}

extension DecoderModel {
    /// The same weights with the positions that an adapter was trained with; the model itself where its folder does not
    /// say.
    package func stretched(asBeside adapterFolder: String) throws -> DecoderModel {
        guard let stretch = try PositionStretch(adapterFolder: adapterFolder), stretch != configuration.stretch else {
            return self
        }
        var configuration = configuration
        configuration.stretch(stretch)
        return try reconfigured(configuration)
    }
}

// MARK: The file beside an adapter

extension PositionStretch {
    package static let fileName = "rope_scaling.json"

    /// - Throws: `ModelConfigurationError`, and what reading a file throws
    package init?(adapterFolder: String) throws {
        let file = "\(adapterFolder)/\(Self.fileName)"
        guard access(file, F_OK) == 0 else { return nil }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: MappedFile.contents(of: file, limit: 1 << 16))
        } catch let error as JSONError {
            throw WeightFileError.indexNotJSON(file: file, error: error)
        }
        guard let object = value.object else {
            throw ModelConfigurationError.wrongValue(
                key: "the whole file", expected: "an object", found: value.kindName, file: file)
        }
        let reader = ConfigurationReader(object: object, file: file)
        let name = try reader.text("rope_type")
        kind = name.flatMap(Kind.init(rawValue:))
        if let name, kind == nil {
            throw ModelConfigurationError.unsupported(
                key: "rope_type", value: name, supported: Kind.allCases.map(\.rawValue), file: file)
        }
        factor = try reader.positive("factor", default: 1)
        guard (1...1e6).contains(factor) else {
            throw reader.wrong("factor", "a number from 1 to 1e6", .number(factor))
        }
        theta = object.contains("rope_theta") ? try reader.positive("rope_theta") : nil
    }

    private var fileBytes: [UInt8] {
        var object: JSONObject = ["factor": .number(factor)]
        if let kind { object["rope_type"] = .string(kind.rawValue) }
        if let theta { object["rope_theta"] = .number(theta) }
        return JSONValue.object(object).serializedBytes(.indented(2), sortedKeys: true) + [UInt8(ascii: "\n")]
    }

    /// Writes the file beside an adapter, or takes away that of an earlier run.
    package static func save(_ stretch: PositionStretch?, into output: some CheckpointOutput) throws {
        if let stretch {
            try output.writeFile(fileName, bytes: stretch.fileBytes)
        } else if try output.fileNames().contains(fileName) {
            try output.removeFile(fileName)
        }
    }
}

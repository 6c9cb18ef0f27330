import ChatTemplates
import JSONDocuments
import Glibc
import LinuxSystem
import RunConfiguration
import Tokenization

/// What prepared data was made from: every setting that decides its items, the tokenizer and the data files.
struct DataFingerprint: Codable, Equatable {
    struct File: Codable, Equatable {
        var path: String
        var bytes: Int
        /// XXH3-128 of the content, hexadecimal.
        var xxh3: String

        init(path: String) throws {
            self.path = path
            let descriptor = try FileDescriptor.open(path, 0)
            bytes = Int(try descriptor.status().st_size)
            xxh3 = try FileHash.ofFile(descriptor, subject: path)
        }
    }

    var settings: JSONObject
    var files: [File]

    /// - Parameter configuration: of the run; what `options` do not hold is the template's
    init(
        _ options: DataOptions, _ configuration: RunConfiguration, tokenizer: Tokenizer, template: ChatTemplate
    ) throws {
        func texts(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
        settings = [
            "stage": .string(options.stage.rawValue), "dataset": texts(options.datasets),
            "eval_dataset": texts(options.evaluationDatasets), "template": .string(template.name),
            "tool_format": configuration[Parameters.toolFormat].map { .string($0) } ?? .null,
            "default_system": .string(template.defaultSystem),
            "enable_thinking": template.enablesThinking.map { .bool($0) } ?? .null,
            "preserve_thinking": .bool(template.preservesThinking), "cutoff_len": .integer(Int64(options.cutoff)),
            "train_on_prompt": .bool(options.trainsOnPrompt), "mask_history": .bool(options.masksHistory),
            "mix_strategy": .string(options.mixStrategy.rawValue),
            "interleave_probs": options.mixProbabilities.map { .array($0.map { .number($0) }) } ?? .null,
            "max_samples": options.maximumRows.map { .integer(Int64($0)) } ?? .null,
            "val_size": options.validation.json, "packing": .bool(options.packs),
            "neat_packing": .bool(options.separatesPacked),
            "predict_with_generate": .bool(options.generatesAtEvaluation),
            "eval_on_each_dataset": .bool(options.evaluatesEachDataset), "seed": .integer(Int64(options.seed)),
            "the tokenizer": .string(tokenizer.fingerprint),
        ]
        if configuration[Parameters.template] == nil, case .single(let text) = tokenizer.configuration.chatTemplate {
            settings["the tokenizer's chat template"] = .string(FileHash.of(text))
        }
        if configuration.addsTokens, let main = try tokenizer.files().first {
            settings["the list of added tokens"] = .string(FileHash.of(main.contents))
        }
        if tokenizer.splitsSpecialTokens { settings["split_special_tokens"] = true }
        // Where nothing is joined, groups and shards change nothing.
        if options.packs || options.stage == .kto {
            settings["preprocessing_batch_size"] = .integer(Int64(options.groupSize))
            settings["preprocessing_num_workers"] = .integer(Int64(options.shardCount ?? 1))
        }
        let catalog = try? DatasetCatalog(folder: options.folder, hubs: options.hubs)
        files = []
        for name in options.datasets + options.evaluationDatasets {
            // Saved data may be used where the files that it came from are not; who has to read them says so.
            guard let catalog, let description = try? catalog.description(of: name) else { continue }
            settings["the description of `\(name)`"] = .string("\(description)")
            guard let found = try? catalog.files(of: description) else { continue }
            files += try found.map { try File(path: $0.path) }
        }
    }

    /// One line for each difference from `saved`; files that are not here now, as well as their descriptions, may
    /// have been anything.
    func differences(from saved: DataFingerprint) -> [String] {
        var lines: [String] = []
        for name in Set(settings.keys).union(saved.settings.keys).sorted() {
            let (now, before) = (settings[name], saved.settings[name])
            let isDescription = name.hasPrefix("the description of ")
            guard now != before, !(isDescription && (now == nil || before == nil)) else { continue }
            let title = name.hasPrefix("the ") ? name : "`\(name)`"
            lines.append(
                name.hasPrefix("the ")
                    ? "\(title) is another one"
                    : "\(title) was \(Self.text(before)), is now \(Self.text(now))")
        }
        for file in files {
            guard let before = saved.files.first(where: { Path.lastComponent(of: $0.path) == file.name }) else {
                lines.append("the data file \(file.path) is new")
                continue
            }
            if (before.bytes, before.xxh3) != (file.bytes, file.xxh3) {
                lines.append("the data file \(file.path) has changed")
            }
        }
        return lines
    }

    private static func text(_ value: JSONValue?) -> String {
        guard let value, value != .null else { return "not set" }
        return value.string ?? value.serialized(.spaced)
    }
}

extension RowShare {
    fileprivate var json: JSONValue {
        switch self {
        case .count(let count): .integer(Int64(count))
        case .fraction(let share): .number(share)
        }
    }
}

extension DataFingerprint.File {
    var name: String { Path.lastComponent(of: path) }
}

internal import Glibc
package import LinuxSystem
package import RunConfiguration

/// Why a run's data cannot be prepared.
package enum DataError: Error, Hashable, CustomStringConvertible {
    // dataset_info.json
    case noDescriptionFile(path: String, reason: String)
    case badDescriptionFile(path: String, reason: String)
    case unknownDataset(name: String, path: String, known: [String])
    case badDescription(dataset: String, field: String, expected: String, found: String)
    case noSource(dataset: String)
    case wrongStage(dataset: String, ranking: Bool, stage: Stage)

    // Files
    case fileNotFound(dataset: String, path: String)
    case unreadable(path: String, cause: SystemError)
    case emptyFolder(dataset: String, path: String)
    case unknownFileType(path: String, folder: Bool)
    case mixedFileTypes(folder: String, first: String, other: String)
    case badFile(path: String, line: Int, reason: String)
    case emptyFile(path: String)
    /// A compressed file that would become more than `limit` bytes.
    case tooLarge(path: String, limit: Int)
    case badSplit(dataset: String, split: String)
    /// `folder` is where it would be, and `command` what downloads it.
    case notInHubCache(dataset: String, hub: Hub, repository: String, folder: String, command: String)
    case badHubDataset(dataset: String, hub: Hub, repository: String, folder: String, reason: String)

    // Rows
    case missingColumn(dataset: String, role: String, column: String, present: [String], unknownFields: [String])
    case missingMessageKey(dataset: String, tag: String, key: String, present: [String])
    case badRow(place: RowPlace, reason: String)

    // The whole
    case noDatasets
    case emptySelection(dataset: String, reason: String)
    case badProbabilities(reason: String)
    case badValidationSize(reason: String)
    case noItems(split: String, rows: Int, reasons: [String])
    case tooLittleText(split: String, tokens: Int, block: Int)
    case noBatches(items: Int, batchSize: Int)
    case tooFewBatches(batches: Int, batchSize: Int, accumulation: Int)
    case tooManySteps(epochs: Double)
    case notAvailable(what: String, instead: String)

    // Saved data
    /// The folder of `tokenized_path` holds data that was made from something else.
    case savedDataDiffers(path: String, differences: [String])
    case badSavedData(path: String, problem: String)
    /// A stream is not written to the folder of `tokenized_path`.
    case streamNotKept(path: String)
    case cannotSave(path: String, error: SystemError)

    package var description: String {
        switch self {
        case .noDescriptionFile(let path, let reason):
            "cannot read \(path) (\(reason)); `dataset_dir` must be the folder that holds dataset_info.json, "
                + "relative to where the run was submitted"
        case .badDescriptionFile(let path, let reason):
            "\(path): \(reason)"
        case .unknownDataset(let name, let path, let known):
            "the dataset `\(name)` is not described in \(path)\(Self.list(of: known, as: "; it describes"))"
        case .badDescription(let dataset, let field, let expected, let found):
            "dataset_info.json, dataset `\(dataset)`: `\(field)` must be \(expected), not \(found)"
        case .noSource(let dataset):
            "dataset_info.json, dataset `\(dataset)`: `file_name` is missing; it names the file or folder "
                + "beside dataset_info.json that holds the rows (`hf_hub_url` a dataset of the hub)"
        case .wrongStage(let dataset, let ranking, let stage):
            ranking
                ? "the dataset `\(dataset)` holds preferences (`ranking: true` in dataset_info.json), which the stage "
                    + "`\(stage.rawValue)` cannot use; use the stage `rm` or `dpo`"
                : "the dataset `\(dataset)` holds no preferences (`ranking` is not true in dataset_info.json), which "
                    + "the stage `\(stage.rawValue)` compares; add `ranking: true` and the columns `chosen` and "
                    + "`rejected` there"
        default:
            rowOrWholeDescription
        }
    }

    static func reason(_ cause: SystemError) -> String {
        if cause.isNotFound { return "it does not exist" }
        if cause.isPermission { return "no permission" }
        return cause.code == EISDIR ? "it is a folder" : "\(cause)"
    }

    private var rowOrWholeDescription: String {
        switch self {
        case .fileNotFound(let dataset, let path):
            return "the dataset `\(dataset)` names the file \(path), which does not exist"
        case .unreadable(let path, let cause):
            let reason = Self.reason(cause)
            return "cannot read \(path): \(reason)"
        case .emptyFolder(let dataset, let path):
            return "the dataset `\(dataset)` names the folder \(path), which is empty"
        case .unknownFileType(let path, let folder):
            let hint = folder ? "; a dataset's folder may hold data files only: move other files elsewhere" : ""
            return "\(path) is not a data file: its name must end in .json, .jsonl, .csv, .tsv or .txt (also with .gz "
                + "or .zst behind it), or in .parquet or .arrow (lower case)\(hint)"
        case .mixedFileTypes(let folder, let first, let other):
            return "the files in \(folder) must all be of one type, but it holds \(first) and \(other)"
        case .badFile(let path, let line, let reason):
            return line > 0 ? "\(path), line \(line): \(reason)" : "\(path): \(reason)"
        case .emptyFile(let path):
            return "\(path) holds no rows"
        case .tooLarge(let path, let limit):
            return "\(path) becomes more than \(limit >> 20) MiB when it is decompressed; decompress it into a file, "
                + "which may have any size, or divide it"
        case .badSplit(let dataset, let split):
            return "dataset_info.json, dataset `\(dataset)`: the split `\(split)` is not understood; files on disk "
                + "have the one split `train`, of which a part can be taken as `train[:100]` or `train[10%:20%]`"
        case .notInHubCache(let dataset, let hub, let repository, let folder, let command):
            return "the dataset `\(dataset)` is `\(repository)` on the hub \(hub.title), and there is no copy of it on "
                + "this machine (looked for \(folder)/snapshots); fetch it with `\(command)`"
        case .badHubDataset(let dataset, let hub, let repository, let folder, let reason):
            return "the dataset `\(dataset)` (`\(repository)` of the hub \(hub.title), in \(folder)): \(reason)"
        case .missingColumn(let dataset, let role, let column, let present, let unknownFields):
            return "the dataset `\(dataset)` has no column `\(column)`, which is to hold the \(role)"
                + "\(Self.list(of: present, as: "; its columns are")): set `columns` in dataset_info.json "
                + "(a column that `columns` does not list counts as absent)"
                + Self.list(of: unknownFields, as: "; its description there has fields that mean nothing:")
        case .missingMessageKey(let dataset, let tag, let key, let present):
            return "the messages of the dataset `\(dataset)` have no key `\(key)`"
                + "\(Self.list(of: present, as: "; their keys are")): set `\(tag)` under `tags` in "
                + "dataset_info.json (a tag that `tags` does not list counts as absent)"
        case .badRow(let place, let reason):
            return "\(place): \(reason)"
        default:
            return wholeDescription
        }
    }

    private var wholeDescription: String {
        switch self {
        case .noDatasets:
            return "there is nothing to train on: `dataset` names no dataset"
        case .emptySelection(let dataset, let reason):
            return "the dataset `\(dataset)` has no rows left: \(reason)"
        case .badProbabilities(let reason):
            return "`interleave_probs`: \(reason)"
        case .badValidationSize(let reason):
            return "`val_size`: \(reason)"
        case .noItems(let split, let rows, let reasons):
            return "none of the \(rows) rows of the \(split) data can be used\(Self.lines(reasons))"
        case .tooLittleText(let split, let tokens, let block):
            return "the \(split) data has \(tokens) tokens, too few for one block of \(block): lower `cutoff_len`, "
                + "add text, or set `packing: false`"
        case .noBatches(let items, let batchSize):
            return items == 0
                ? "there is nothing to train on: the training data is empty"
                : "`dataloader_drop_last` leaves nothing: \(items) items do not fill one batch of \(batchSize)"
        case .tooFewBatches(let batches, let batchSize, let accumulation):
            return "an epoch of the stream has \(batches) batches of \(batchSize), too few for one update with "
                + "`gradient_accumulation_steps: \(accumulation)`: lower that, or add data"
        case .tooManySteps(let epochs):
            return "`num_train_epochs: \(epochs)` makes more steps than can be counted"
        case .notAvailable(let what, let instead):
            return "\(what): not available yet; \(instead)"
        case .savedDataDiffers(let path, let differences):
            return "the prepared data in \(path) was made from something else\(Self.lines(differences))"
        case .badSavedData(let path, let problem):
            return "\(path) cannot be used as prepared data: \(problem)"
        case .streamNotKept(let path):
            return "a stream is not kept, and \(path) holds no prepared data that could be streamed"
        case .cannotSave(let path, let error):
            return "the prepared data cannot be saved in \(path): \(error)"
        default:
            return "the data cannot be prepared"
        }
    }

    private static func list(of names: [String], as intro: String) -> String {
        guard !names.isEmpty else { return "" }
        let shown = names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        return "\(intro) \(shown)\(names.count > 12 ? " and \(names.count - 12) more" : "")"
    }

    private static func lines(_ reasons: [String]) -> String {
        reasons.isEmpty ? "" : ":" + reasons.map { "\n  \($0)" }.joined()
    }
}

/// Where a row stands, for messages.
package struct RowPlace: Hashable, Codable, Sendable, CustomStringConvertible {
    package var path: String
    /// One-based: the line of a file with a row a line, else the number of the row.
    package var number: Int
    package var isLine: Bool

    package init(path: String, number: Int, isLine: Bool) {
        self.path = path
        self.number = number
        self.isLine = isLine
    }

    package var description: String { "\(path), \(isLine ? "line" : "row") \(number)" }
}

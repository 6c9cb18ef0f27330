import JSONDocuments

/// A folder as `Dataset.save_to_disk` writes it: Arrow files beside `state.json`, which lists them. The cache of
/// `datasets` has the Arrow files beside `dataset_info.json` alone.
enum SavedDataset {
    private static let descriptions: Set<String> = ["dataset_info.json", "state.json"]

    /// The names of the data files in the order of their rows.
    ///
    /// - Parameter names: what the folder holds, sorted
    static func dataNames(_ names: [String], in folder: String) throws -> [String] {
        guard names.contains(where: { $0.hasSuffix(".arrow") }) else { return names }
        guard names.contains("state.json") else { return names.filter { !descriptions.contains($0) } }
        // Saving anew with fewer files leaves the old ones where they are.
        let path = folder + "/state.json"
        let failure = DataError.badFile(
            path: path, line: 0, reason: "`_data_files` must list the Arrow files beside it, each as `filename`")
        let state: JSONValue
        do {
            state = try JSONValue(parsing: Array(try FileContents.read(path)))
        } catch let error as JSONError {
            throw DataError.badFile(path: path, line: 0, reason: error.description)
        }
        guard let files = state["_data_files"]?.array, !files.isEmpty else { throw failure }
        return try files.map { file in
            guard let name = file["filename"]?.string else { throw failure }
            guard names.contains(name) else {
                throw DataError.badFile(path: path, line: 0, reason: "it lists `\(name)`, which is not in the folder")
            }
            return name
        }
    }

    /// The folder of the split `train` where `DatasetDict.save_to_disk` wrote one for each; nil elsewhere.
    static func trainFolder(in folder: String, names: [String]) -> String? {
        names.contains("dataset_dict.json") && names.contains("train") ? folder + "/train" : nil
    }
}

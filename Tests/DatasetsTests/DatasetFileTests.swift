import FoundationEssentials
import JSONDocuments
import Testing

import Datasets

/// A folder of files that lives as long as the value.
final class ScratchFolder: Sendable {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        path = FileManager.default.temporaryDirectory.path + "/datasets-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(text, to: name) }
    }

    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    func write(_ bytes: Data, to name: String) throws {
        let file = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(
            atPath: file.deletingLastPathComponent().path, withIntermediateDirectories: true)
        try bytes.write(to: file)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

struct DatasetFileTests {
    func table(_ name: String, _ text: String) throws -> (RowTable, ScratchFolder) {
        let folder = try ScratchFolder([name: text])
        return (try RowTable(files: [DataFile(path: folder.path + "/" + name, inFolder: false)]), folder)
    }

    func rows(_ name: String, _ text: String) throws -> [JSONObject] {
        let (table, _) = try table(name, text)
        return try (0..<table.count).map { try table.row($0) }
    }

    @Test(arguments: [
        #"[{"a": "x"}, {"a": "y, ]"}]"#, "\u{FEFF} [ {\"a\":\"x\"} ,\n{\"a\":\"y, ]\"}\n]\n",
        "{\"a\": \"x\"}\n\n{\"a\": \"y, ]\"}\n", "{\"a\": \"x\"}\r\n{\"a\": \"y, ]\"}",
    ])
    func arraysAndLinesOfJSON(text: String) throws {
        for name in ["data.json", "data.jsonl"] {
            #expect(try rows(name, text) == [["a": "x"], ["a": "y, ]"]])
        }
    }

    @Test func aSingleObjectIsOneRow() throws {
        #expect(try rows("data.json", "{\n  \"a\": [1, 2],\n  \"b\": null\n}\n") == [["a": [1, 2], "b": .null]])
    }

    @Test func textsBecomeRowsOfOneColumn() throws {
        #expect(try rows("data.json", #"["one", "two \" ]"]"#) == [["text": "one"], ["text": #"two " ]"#]])
        #expect(
            try rows("data.txt", "one\n\ntwo\r\nthree\rfour")
                == ["one", "", "two", "three", "four"].map { ["text": .string($0)] })
        #expect(try rows("data.txt", "one\n").count == 1)
    }

    @Test func commaSeparatedValues() throws {
        let text = "q,a\nplain,\"with, comma\"\n\"two\nlines\",\"say \"\"hi\"\"\"\r\nonly one\n\n7,\n"
        #expect(
            try rows("data.csv", text) == [
                ["q": "plain", "a": "with, comma"], ["q": "two\nlines", "a": "say \"hi\""],
                ["q": "only one", "a": .null],
                ["q": "7", "a": .null],
            ])
    }

    @Test func tabSeparatedValues() throws {
        #expect(
            try rows("data.tsv", "q\ta\none, two\t\"with\ttab\"\nthree\t\n")
                == [["q": "one, two", "a": "with\ttab"], ["q": "three", "a": .null]])
        let error = #expect(throws: DataError.self) { try rows("data.tsv", "q\nx\ty\n") }
        #expect(error?.description.contains("put cells that hold tabs into quotation marks") == true)
    }

    /// Two rows as Python's gzip and pyarrow's zstd compress them.
    static let compressed = [
        "H4sIAAAAAAACA6tWSlSyUlCqUKrlqoYwK4FMAJ2r4wQWAAAA", "KLUv/SAWsQAAeyJhIjogIngifQp7ImEiOiAieSJ9Cg==",
    ]

    /// The content says what a file is compressed by, whatever its name.
    @Test(arguments: compressed, ["a.jsonl", "a.json.gz", "a.jsonl.zst"])
    func compressedText(base64: String, name: String) throws {
        let bytes = try #require(Data(base64Encoded: base64))
        let folder = try ScratchFolder()
        try folder.write(bytes, to: name)
        let path = "\(folder.path)/\(name)"
        let table = try RowTable(files: [DataFile(path: path, inFolder: false)])
        #expect(try (0..<table.count).map { try table.row($0) } == [["a": "x"], ["a": "y"]])
        #expect(table.place(of: 1) == RowPlace(path: path, number: 2, isLine: true))
        try folder.write(bytes.dropLast(4), to: name)
        let error = #expect(throws: DataError.self) { try RowTable(files: [DataFile(path: path, inFolder: false)]) }
        #expect(error?.description.contains("data that ends too early") == true, "\(error?.description ?? "")")
    }

    @Test func compressedNamesOfPlainText() throws {
        #expect(try rows("data.csv.gz", "q\nx\n") == [["q": "x"]])
        #expect(try rows("data.txt.zst", "one\n") == [["text": "one"]])
        for name in ["data.gz", "data.parquet.gz", "data.json.gz.gz", "data.json.xz"] {
            let error = #expect(throws: DataError.self) { try rows(name, "x") }
            #expect(error?.description.contains("is not a data file: its name must end in .json") == true)
        }
        #expect(
            DataError.tooLarge(path: "/a.json.gz", limit: 4 << 30).description
                == "/a.json.gz becomes more than 4096 MiB when it is decompressed; decompress it into a file, which "
                + "may have any size, or divide it")
    }

    @Test func placesCountLinesOrRows() throws {
        let (lines, first) = try table("a.jsonl", "{\"a\": 1}\n\n{\"a\": 2}\n")
        #expect(lines.place(of: 1).description == "\(first.path)/a.jsonl, line 3")
        let (array, second) = try table("a.json", "[{\"a\": 1},\n {\"a\": 2}]")
        #expect(array.place(of: 1).description == "\(second.path)/a.json, row 2")
        let (cells, third) = try table("a.csv", "q\n\"x\ny\"\nz\n")
        #expect(cells.place(of: 1).description == "\(third.path)/a.csv, line 4")
    }

    struct BadFile: Sendable {
        var name: String
        var text: String
        var message: String
    }

    static let badFiles = [
        BadFile(
            name: "a.json", text: "[{\"a\": 1},\n{\"a\": \"x}]", message: "line 2: row 2, beginning here, has no end"),
        BadFile(name: "a.json", text: "[{\"a\": 1}\n{\"a\": 2}]", message: "line 2: after row 1 a comma"),
        BadFile(name: "a.json", text: "[{\"a\": 1},\n]", message: "line 2: row 2 is missing"),
        BadFile(name: "a.json", text: "[{\"a\": 1}", message: "the file ends inside the array"),
        BadFile(name: "a.json", text: "[{\"a\": 1}] x", message: "line 1: there is text after the array"),
        BadFile(name: "a.json", text: "42", message: "must hold an array of rows"),
        BadFile(name: "a.json", text: "[]", message: "holds no rows"),
        BadFile(name: "a.json", text: " \n", message: "holds no rows"),
        BadFile(name: "a.txt", text: "", message: "holds no rows"),
        BadFile(name: "a.csv", text: "a,b\n", message: "holds no rows"),
        BadFile(name: "a.csv", text: "a\n\"x\n", message: "line 2: a quotation mark is never closed"),
        // Found when the row is read:
        BadFile(name: "a.jsonl", text: "{\"a\": 1}\n{\"a\": 2\n{\"a\": 3}", message: "line 2: not valid JSON"),
        BadFile(name: "a.jsonl", text: "{\"a\": 1}\n[1]\n", message: "line 2: a row must be an object"),
        BadFile(name: "a.json", text: "[{\"a\": 1}, {\"a\" 2}]", message: "row 2: not valid JSON"),
        BadFile(name: "a.json", text: "[{\"a\": 1}, 5]", message: "row 2: a row must be an object"),
        BadFile(name: "a.csv", text: "a\nx,y\n", message: "line 2: 2 cells, but the first line names 1 columns"),
    ]

    @Test(arguments: badFiles) func badFilesSayWhatAndWhere(_ file: BadFile) throws {
        let error = #expect(throws: DataError.self) { try rows(file.name, file.text) }
        #expect(error?.description.contains(file.message) == true, "\(error?.description ?? "")")
    }

    // MARK: - dataset_info.json

    func catalog(_ info: String, _ files: [String: String] = [:]) throws -> (DatasetCatalog, ScratchFolder) {
        let folder = try ScratchFolder(files.merging(["dataset_info.json": info]) { $1 })
        return (try DatasetCatalog(folder: folder.path), folder)
    }

    @Test func defaultsOfADescription() throws {
        let (catalog, _) = try catalog(#"{"d": {"file_name": "d.json", "file_sha1": "x", "format": "sharegpt"}}"#)
        let description = try catalog.description(of: "d")
        #expect(description.source == .file("d.json") && description.formatting == .alpaca)
        #expect(description.split == "train")
        #expect(description.unknownFields == ["format"])
        #expect(description.columns.prompt == "instruction" && description.tags.system == "system")
    }

    @Test func aBlockReplacesAllDefaults() throws {
        let (catalog, _) = try catalog(
            #"{"d": {"file_name": "d.json", "formatting": "sharegpt", "columns": {"messages": "m"}, "tags": {"role_tag": "r"}}}"#
        )
        let description = try catalog.description(of: "d")
        #expect(description.columns.messages == "m" && description.columns.prompt == nil)
        #expect(description.tags.role == "r" && description.tags.content == nil && description.tags.system == nil)
    }

    static let badEntries: [(String, String)] = [
        (
            #"{"file_name": "d.json", "formatting": "alpacca"}"#,
            "`formatting` must be `alpaca`, `sharegpt` or `openai`, not `alpacca`"
        ),
        (#"{"file_name": "d.json", "num_samples": "5"}"#, "`num_samples` must be an integer above zero, not \"5\""),
        (#"{"file_name": "d.json", "ranking": "true"}"#, "`ranking` must be true or false, not \"true\""),
        (#"{"file_name": "d.json", "columns": {"prompt": 3}}"#, "`columns.prompt` must be a text, not 3"),
        (#"{"ms_hub_url": 7}"#, "`ms_hub_url` must be a text, not 7"),
        (#"{"script_url": "x"}"#, "is made by a script"), (#"{"cloud_file_name": "s3://x"}"#, "in a cloud store"),
        (#"{"split": "train"}"#, "`file_name` is missing"), ("7", "must be an object"),
    ]

    @Test(arguments: badEntries) func badEntriesAreNamed(entry: String, message: String) throws {
        let (catalog, _) = try catalog("{\"d\": \(entry)}")
        let error = #expect(throws: DataError.self) { try catalog.description(of: "d") }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func unknownNamesListTheKnownOnes() throws {
        let (catalog, folder) = try catalog(#"{"one": {"file_name": "x"}, "far": {"script_url": "x"}}"#)
        let error = #expect(throws: DataError.self) { try catalog.description(of: "two") }
        #expect(
            error?.description
                == "the dataset `two` is not described in \(folder.path)/dataset_info.json; it describes `one`")
    }

    @Test func foldersAreReadByName() throws {
        let (catalog, folder) = try catalog(
            #"{"d": {"file_name": "d"}}"#, ["d/b.jsonl": "{\"a\": 2}", "d/a.json": "[{\"a\": 0}, {\"a\": 1}]"])
        let table = try RowTable(files: try catalog.files(of: try catalog.description(of: "d")))
        #expect(try (0..<table.count).map { try table.row($0) } == [["a": 0], ["a": 1], ["a": 2]])
        #expect(table.place(of: 2).description == "\(folder.path)/d/b.jsonl, line 1")
    }

    /// The decoded row groups of a folder of files are kept or not, as the limit wants; rows are the same.
    @Test(arguments: [0, 1 << 20]) func columnarFilesInAnyOrder(limit: Int) throws {
        let files = try ["part-0", "part-1"].map {
            try DataFile(path: "\(DatasetFixtures.folder)/parts/\($0).parquet", inFolder: true)
        }
        let table = try RowTable(files: files, batches: BatchCache(limit: limit))
        #expect(table.count == 10)
        for index in [9, 0, 3, 8, 4, 0, 1, 9, 7, 6, 2] {
            let row: JSONObject = ["instruction": "question \(index)", "output": "answer \(index)"]
            #expect(try table.row(index) == row)
        }
        #expect(table.place(of: 7) == RowPlace(path: files[1].path, number: 2, isLine: false))
        let error = #expect(throws: DataError.self) { try table.row(5) }
        #expect(
            error?.description
                == "\(files[0].path), row 6: row group 3, column `output`: the text is not valid UTF-8")
    }

    /// Folders of `save_to_disk`; an old file that state.json does not list is none of the data.
    @Test(arguments: ["one", "splits"]) func savedDatasets(name: String) throws {
        let folder = "\(DatasetFixtures.folder)/saved/\(name)"
        let (catalog, _) = try catalog("{\"d\": {\"file_name\": \"\(folder)\"}}")
        let table = try RowTable(files: try catalog.files(of: try catalog.description(of: "d")))
        #expect(table.count == 10)
        #expect(try table.row(7) == ["instruction": "question 7", "output": "answer 7"])
        guard name == "one" else { return }
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            files[name] = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
        }
        let copy = try ScratchFolder(["dataset_info.json": #"{"d": {"file_name": "d"}}"#])
        for (name, bytes) in files { try copy.write(bytes, to: "d/\(name)") }
        try copy.write(files["data-00000-of-00002.arrow"] ?? Data(), to: "d/data-00000-of-00001.arrow")
        let again = try DatasetCatalog(folder: copy.path)
        let found = try again.files(of: try again.description(of: "d"))
        #expect(
            found.map { $0.path.split(separator: "/").last } == [
                "data-00000-of-00002.arrow", "data-00001-of-00002.arrow",
            ])
        try copy.write(#"{"_data_files": [{"filename": "../x.arrow"}]}"#, to: "d/state.json")
        let error = #expect(throws: DataError.self) { try again.files(of: try again.description(of: "d")) }
        #expect(error?.description.contains("it lists `../x.arrow`, which is not in the folder") == true)
    }

    static let badLocations: [([String: String], String)] = [
        ([:], "names the file"),
        (["d/a.json": "[]", "d/b.csv": "x"], "must all be of one type, but it holds a.json and b.csv"),
        (["d/README": "x", "d/a.json": "[]"], "/d/README is not a data file"), (["d/a.JSON": "[]"], "lower case"),
        (["d/a.arrow": "x", "d/dataset_info.json": "{}", "d/b.txt": "x"], "holds a.arrow and b.txt"),
    ]

    @Test(arguments: badLocations) func filesThatCannotBeRead(files: [String: String], message: String) throws {
        let (catalog, folder) = try catalog(#"{"d": {"file_name": "d"}}"#, files)
        let error = #expect(throws: DataError.self) {
            try withExtendedLifetime(folder) { try catalog.files(of: try catalog.description(of: "d")) }
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func theFolderMustHoldADescription() throws {
        let folder = try ScratchFolder()
        let missing = #expect(throws: DataError.self) { try DatasetCatalog(folder: folder.path) }
        #expect(missing?.description.contains("dataset_info.json (it does not exist); `dataset_dir` must be") == true)
        try folder.write("{\"a\": }", to: "dataset_info.json")
        let broken = #expect(throws: DataError.self) { try DatasetCatalog(folder: folder.path) }
        #expect(broken?.description.contains("dataset_info.json: invalid JSON at line 1") == true)
    }
}

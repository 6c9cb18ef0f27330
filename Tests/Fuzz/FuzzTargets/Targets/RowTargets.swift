import Datasets

/// Rows of JSON and JSON Lines files.
struct JSONRowsTarget: FuzzTarget {
    static let name = "json-rows"
    static let tokens = [
        "[", "]", "{", "}", ",", ":", "\"", "\n", "\r\n", "\u{FEFF}", "\"instruction\"", "null", "NaN",
        "-Infinity", "\t", "}{",
    ]
    static var seeds: [[UInt8]] {
        [
            #"[{"instruction":"a","input":"","output":"b"},{"instruction":"c, ]","output":null}]"#,
            "{\"a\":1}\n{\"a\":[2,{\"b\":3}]}\n\n{}\n",
            "[]", "\u{FEFF}[{\"a\":\"x\"}]", "{\n\"a\": NaN\n}{\"a\":\"x\\ty\"}\n",
            "[{\"a\":-Infinity,\"a\":\"b\tc\"}]",
        ].map { Array($0.utf8) }
    }
    private let file = ScratchFile("rows.json")

    func take(_ input: [UInt8]) throws { try readRows(input, file) }
    static func isExpected(_ error: any Error) -> Bool { error is DataError }
}

/// Rows of CSV files, and of ones with tabs.
struct SeparatedRowsTarget: FuzzTarget {
    static let name = "csv-rows"
    static let tokens = [",", "\"", "\"\"", "\n", "\r\n", "\r", "\t", "\u{FEFF}", ";", "\u{0}"]
    static var seeds: [[UInt8]] {
        [
            "a,b\n1,2\n\"x, \"\"y\"\"\",\"line\nbreak\"\n", "a\tb\n1\t2\n", "a,b,c\r\n1,,3\r\n", "\u{FEFF}a\n\n1\n",
            "a,a\n1,2\n",
        ]
        .map { Array($0.utf8) }
    }
    private let commas = ScratchFile("rows.csv")
    private let tabs = ScratchFile("rows.tsv")

    func take(_ input: [UInt8]) throws { try readRows(input, input.count % 2 == 0 ? commas : tabs) }
    static func isExpected(_ error: any Error) -> Bool { error is DataError }
}

func readRows(_ input: [UInt8], _ file: ScratchFile) throws {
    try file.write(input)
    defer { file.remove() }
    let table = try RowTable(files: [DataFile(path: file.path, inFolder: false)])
    for index in 0..<min(table.count, 100) { _ = try table.row(index) }
}

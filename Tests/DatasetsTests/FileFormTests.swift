import FoundationEssentials
import JSONDocuments
import Testing

import Datasets

/// Files as people have them. What is read equals what `datasets` 4.0 gives, which reads all of these but the ones that
/// are marked as more.
struct FileFormTests {
    private func rows(_ name: String, _ bytes: [UInt8]) throws -> [JSONObject] {
        let folder = try ScratchFolder()
        try folder.write(Data(bytes), to: name)
        let table = try RowTable(files: [DataFile(path: folder.path + "/" + name, inFolder: false)])
        return try (0..<table.count).map { try table.row($0) }
    }

    private func rows(_ name: String, _ text: String) throws -> [JSONObject] { try rows(name, Array(text.utf8)) }

    private func problem(_ name: String, _ bytes: [UInt8]) -> String {
        do {
            return "read: \(try rows(name, bytes))"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        arguments: [
            // NaN is null; the infinities are too, as in columnar files.
            (#"[{"a": "x", "n": 1.5}, {"a": NaN, "n": NaN}]"#, [["a": "x", "n": 1.5], ["a": .null, "n": .null]]),
            (
                "{\"a\": \"x\", \"n\": NaN}\n{\"a\": \"y\", \"n\": -Infinity}\n",
                [["a": "x", "n": .null], ["a": "y", "n": .null]]
            ),
            // Control characters in texts.
            ("[{\"a\": \"tab\there\", \"b\": \"line\nbreak\"}]", [["a": "tab\there", "b": "line\nbreak"]]),
            // More: the same in lines.
            ("{\"a\": \"tab\there\"}\n", [["a": "tab\there"]]),
            // Objects over several lines, side by side, and both.
            ("{\n \"a\": \"x\"\n}\n{\n \"a\": \"y\"\n}\n", [["a": "x"], ["a": "y"]]),
            (#"{"a": "x"}{"a": "y"} {"a": "}{"}"#, [["a": "x"], ["a": "y"], ["a": "}{"]]),
            (
                "{\"a\": \"x\"}\r\n\r\n{\n\"a\": [\"y\",\n{\"b\": 1}]}{\"a\": \"z\"}",
                [
                    ["a": "x"], ["a": ["y", ["b": 1]]], ["a": "z"],
                ]
            ),
            ("\u{FEFF}{\"a\": \"x\"}\n{\"a\": \"y\"}\n", [["a": "x"], ["a": "y"]]),
            // More.
            ("\u{FEFF}[{\"a\": \"x\"}]", [["a": "x"]]),
            // The last of a key's values.
            (#"[{"a": "x", "b": 1, "a": "y"}]"#, [["a": "y", "b": 1]]),
        ] as [(String, [JSONObject])])
    func formsOfJSON(text: String, expected: [JSONObject]) throws {
        for name in ["a.json", "a.jsonl"] { #expect(try rows(name, text) == expected) }
    }

    @Test func rowsOverSeveralLinesKnowTheirLine() throws {
        let folder = try ScratchFolder(["a.jsonl": "{\n \"a\": 1\n}\n\n{\"a\": 2}{\"a\": 3}\n{\n\"a\": 4}"])
        let table = try RowTable(files: [DataFile(path: folder.path + "/a.jsonl", inFolder: false)])
        #expect((0..<table.count).map { table.place(of: $0).number } == [1, 5, 5, 6])
        #expect((0..<table.count).allSatisfy { table.place(of: $0).isLine })
    }

    /// One broken line does not hide which it is, and neither do many.
    @Test(
        arguments: [
            ("{\"a\": 1}\n{\"a\": 2\n{\"a\": 3}\n", "line 2: not valid JSON"),
            ("{\"a\": \"x\"}\n{\"a\": \"y}\n{\"a\": \"z\"}\n", "line 2: not valid JSON"),
            ("{\"a\": \"x\"},\n{\"a\": \"y\"}\n", "line 1: not valid JSON"),
            ("{\"a\": \"x\"} y\n", "line 1: not valid JSON"),
            ("{\"a\": \"x\"}\n# c\n", "line 2: not valid JSON"), ("{\"a\": \"x\"}\n[1]\n", "line 2: a row must be"),
            ("{\n\"a\": NaN,\n\"b\" 1}", "line 1: not valid JSON"),
            ("{\"a\": \"x\"}}\n", "line 1: not valid JSON"), ("[{\"a\": NaN},\n{\"a\" NaN}]", "row 2: not valid JSON"),
        ])
    func brokenRowsAreNamed(text: String, message: String) {
        #expect(problem("a.jsonl", Array(text.utf8)).contains(message), "\(problem("a.jsonl", Array(text.utf8)))")
    }

    @Test func manyBrokenLinesAreReadOnce() {
        let text = String(repeating: "{\"a\": 1\n", count: 20_000)
        #expect(problem("a.jsonl", Array(text.utf8)).contains("line 1: not valid JSON"))
    }

    @Test(arguments: [
        ("a.json", "[{}]"), ("a.jsonl", "{\"a\": 1}\n"), ("a.csv", "a,b\n1,2\n"), ("a.tsv", "a\tb\n1\t2\n"),
        ("a.txt", "hello\n"), ("a.jsonl.gz", "{\"a\": 1}\n"),
    ])
    func otherEncodingsAreNamed(name: String, text: String) throws {
        let units = Array(text.utf16)
        let little = units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        for bytes in [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, little, big] {
            let message = problem(name, bytes)
            #expect(message.contains("\(name): it is UTF-16 text; save it as UTF-8"), "\(message)")
        }
        let latin = problem(name, [0x22, 0xE9, 0x22] + Array(text.utf8))
        #expect(!latin.hasPrefix("read: "), "\(latin)")
    }

    @Test(
        arguments: [
            (",a\n0,x\n", ["Unnamed: 0", "a"]), (",a,\n0,x,q\n", ["Unnamed: 0", "a", "Unnamed: 2"]),
            ("a,,b,\n1,2,3,4\n", ["a", "Unnamed: 1", "b", "Unnamed: 3"]),
            ("Unnamed: 0,\n1,2\n", ["Unnamed: 0", "Unnamed: 1"]),
            ("x,,Unnamed: 1\n1,2,3\n", ["x", "Unnamed: 1.1", "Unnamed: 1"]),
            ("a,a,a\n1,2,3\n", ["a", "a.1", "a.2"]), ("a,a.1,a\n1,2,3\n", ["a", "a.1", "a.2"]),
            ("\u{FEFF}a,b\n1,2\n", ["a", "b"]), (" a,b\n1,2\n", [" a", "b"]),
        ] as [(String, [String])])
    func columnsOfSeparatedValues(text: String, names: [String]) throws {
        #expect(try rows("a.csv", text)[0].keys == names)
        #expect(try rows("a.tsv", text.replacing(",", with: "\t"))[0].keys == names)
    }

    /// The reference keeps the mark as a character of the first line, and tokens have to be its.
    @Test func textKeepsItsMark() throws {
        #expect(try rows("a.txt", "\u{FEFF}hello\n") == [["text": "\u{FEFF}hello"]])
    }

    // MARK: - dataset_info.json

    @Test func aNameThatIsDescribedTwice() throws {
        var preparing = Preparing("empty", rows: #"[{"instruction": "a", "output": "b"}]"#)
        preparing.info =
            "\u{FEFF}{\n\"d\": {\"file_name\": \"none.json\"},\n\"z\": {\"file_name\": \"z.json\"},\n"
            + "\"d\": {\"file_name\": \"d.json\", \"columns\": {\"prompt\": \"instruction\", \"response\": \"output\"}}}"
        let report = try preparing.run().data.report
        let warnings = try #require(report.warnings)
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("dataset_info.json, line 4: a name is given twice"), "\(warnings)")
        #expect(report.lines.contains(warnings[0]))
        #expect(try preparing.texts() == ["ab"])
    }

    @Test func aDescriptionInAnotherEncoding() throws {
        let folder = try ScratchFolder()
        try folder.write(Data([0xFF, 0xFE, 0x7B, 0, 0x7D, 0]), to: "dataset_info.json")
        let error = #expect(throws: DataError.self) { try DatasetCatalog(folder: folder.path) }
        #expect(error?.description.contains("it is UTF-16 text") == true)
    }
}

import Datasets
import RunConfiguration
import Testing

/// What people read when their rows do not fit.
struct RowErrorTests {
    @Test func rowsThatStopTheRun() {
        let cases: [(Preparing, String)] = [
            (
                Preparing(
                    rows: #"[{"instruction": "a", "input": "", "output": "b"}, {"instruction": 7, "output": "b"}]"#),
                "DATA/d.json, row 2: the column `instruction` must hold a text, not an integer (7); write it in quotation marks"
            ),
            (
                Preparing(rows: #"[{"instruction": "a", "input": "", "output": ["b"]}]"#),
                "DATA/d.json, row 1: the column `output` must hold a text, not an array"
            ),
            (
                Preparing(rows: #"[{"conversations": "a"}]"#, formatting: "sharegpt"),
                "DATA/d.json, row 1: the column `conversations` must hold a list of messages, not a string"
            ),
            (
                Preparing(rows: #"[{"conversations": ["a"]}]"#, formatting: "sharegpt"),
                "DATA/d.json, row 1: message 1 must be an object, not a string"
            ),
            (
                Preparing(rows: #"[{"conversations": [{"from": "human", "value": null}]}]"#, formatting: "sharegpt"),
                "DATA/d.json, row 1: message 1 has no text (`value`)"
            ),
            (
                Preparing(rows: #"[{"instruction": "a", "input": "", "output": "b"}, {"instruction" "a"}]"#),
                "DATA/d.json, row 2: not valid JSON"
            ),
        ]
        for (preparing, message) in cases { #expect(preparing.message().hasPrefix(message), "\(preparing.message())") }
    }

    @Test func wrongColumnsAreNamedWithThoseThatExist() {
        #expect(
            Preparing(rows: #"[{"question": "a", "answer": "b"}, {"question": "a", "more": 1}]"#).message()
                == "the dataset `d` has no column `instruction`, which is to hold the prompt; its columns are "
                + "`question`, `answer`, `more`: set `columns` in dataset_info.json (a column that `columns` does not "
                + "list counts as absent)")
    }

    /// `format` instead of `formatting`, a classic.
    @Test func misspelledFieldsExplainMissingColumns() {
        var preparing = Preparing(rows: #"[{"conversations": []}]"#)
        preparing.info =
            #"{"d": {"file_name": "d.json", "format": "sharegpt", "columns": {"promt": "x", "query": "q"}}}"#
        #expect(
            preparing.message().hasSuffix(
                "its description there has fields that mean nothing: `format`, `columns.promt`"))
    }

    @Test func speakersThatNoTagNames() {
        let rows = #"[{"conversations": [{"from": "user", "value": "a"}, {"from": "assistant", "value": "b"}]}]"#
        #expect(
            Preparing(rows: rows, formatting: "sharegpt").message()
                == "none of the 1 rows of the training data can be used:\n  1 row dropped because questions and answers "
                + "do not alternate; the first is DATA/d.json, row 1: message 1 is by `user`, but the tags are `human`, "
                + "`gpt`, `observation`, `function_call`, `system`: set `tags` in dataset_info.json")
    }

    @Test func wrongMessageKeysAreNamedWithThoseThatExist() {
        let rows = #"[{"conversations": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}]"#
        #expect(
            Preparing(rows: rows, formatting: "sharegpt").message()
                == "the messages of the dataset `d` have no key `from`; their keys are `role`, `content`: set "
                + "`role_tag` under `tags` in dataset_info.json (a tag that `tags` does not list counts as absent)")
    }

    @Test func aColumnMayBeMissingInSomeRows() throws {
        let rows = #"[{"instruction": "a", "output": "b"}, {"instruction": "c", "input": null, "output": "d"}]"#
        #expect(try Preparing("empty", rows: rows).texts() == ["ab", "cd"])
    }

    @Test func droppedRowsAreCountedByReason() throws {
        let rows = #"""
            {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
            {"conversations": [{"from": "human", "value": "a"}]}
            {"conversations": [{"from": "gpt", "value": "a"}, {"from": "human", "value": "b"}]}

            {"conversations": [{"from": "human", "value": "a"}, {"from": "user", "value": "b"}]}
            {"conversations": []}
            """#
        let report = try Preparing("empty", rows: rows, formatting: "sharegpt").run().data.report
        let lines = report.lines.map { $0.replacing(/[^ ]*\/datasets-[-0-9A-F]+/, with: "DATA") }
        #expect(
            lines == [
                "dataset d: 5 rows", "training data: 1 items with 2 tokens, 1 of them trained on",
                "training data: 1 row dropped because the dialog does not end with an answer; the first is "
                    + "DATA/d.json, line 2: 1 messages",
                "training data: 2 rows dropped because questions and answers do not alternate; the first is "
                    + "DATA/d.json, line 3: message 1 is by `gpt`, expected `human` or `observation`",
                "training data: 1 row dropped because the dialog is empty; the first is DATA/d.json, line 6: "
                    + "there is no message beside the system text",
            ])
    }

    @Test func noRowLeftNamesTheReasons() {
        let rows = #"[{"instruction": "a", "input": null, "output": null}, {"instruction": "b", "output": null}]"#
        #expect(
            Preparing(rows: rows).message()
                == "none of the 2 rows of the training data can be used:\n  2 rows dropped because there is no "
                + "response; the first is DATA/d.json, row 1: the column `output` is null or absent")
    }

    @Test func emptySelectionsAreNamed() {
        var preparing = Preparing(rows: #"[{"instruction": "a", "input": "", "output": "b"}]"#)
        preparing.options.maximumRows = 0
        #expect(preparing.message() == "the dataset `d` has no rows left: `max_samples: 0` keeps none")
        preparing.options.datasets = []
        #expect(preparing.message() == "there is nothing to train on: `dataset` names no dataset")
    }

    @Test func whatIsNotAvailableYetIsSaidSo() {
        let cases: [(Preparing, String)] = [
            (Preparing(rows: #"[{"instruction": "a", "input": "", "output": "b", "tools": "[{}]"}]"#), "no error"),
            (Preparing(rows: #"[{"instruction": "a", "input": "", "output": "b", "images": ["x.png"]}]"#), "no error"),
        ]
        for (preparing, message) in cases { #expect(preparing.message() == message) }
        var tools = Preparing(rows: #"[{"q": "a", "a": "b", "t": "[{}]", "i": null}]"#)
        tools.info = #"{"d": {"file_name": "d.json", "columns": {"prompt": "q", "response": "a", "tools": "t"}}}"#
        #expect(
            tools.message()
                == "DATA/d.json, row 1: the tools cannot be described to the model: a tool has no `name`")
        var media = Preparing(rows: #"[{"q": "a", "a": "b", "i": ["x.png"]}]"#)
        media.info = #"{"d": {"file_name": "d.json", "columns": {"prompt": "q", "response": "a", "images": "i"}}}"#
        #expect(
            media.message().contains("row 1: the column `i` brings images, video or sound, which are not available yet")
        )
        var preferences = Preparing(rows: "[{}]")
        preferences.info = #"{"d": {"file_name": "d.json", "ranking": true}}"#
        #expect(preferences.message().contains("holds preferences (`ranking: true` in dataset_info.json)"))
    }
}

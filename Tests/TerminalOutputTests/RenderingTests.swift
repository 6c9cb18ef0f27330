import TerminalOutput
import Testing

private struct Animal: Listable {
    static let headings = ["NAME", "LEGS", "HOME"]
    var name: String
    var legs: Int
    var home: String
    var cells: [String] { [name, String(legs), home] }
    var quietName: String { name }
    var json: String { "{\"name\": \"\(name)\"}" }
}

struct RenderingTests {
    private let animals = [
        Animal(name: "cat", legs: 4, home: "house"), Animal(name: "百足", legs: 100, home: "under a very old stone"),
    ]

    @Test func tables() {
        #expect(
            Listing.render(animals, as: .table(width: nil), utf8: true)
                == "NAME  LEGS  HOME\ncat   4     house\n百足  100   under a very old stone\n")
        #expect(
            Listing.render(animals, as: .table(width: 20), utf8: true)
                == "NAME  LEGS  HOME\ncat   4     house\n百足  100   under a…\n")
        #expect(Listing.render([Animal](), as: .table(width: 80), utf8: true) == "NAME  LEGS  HOME\n")
    }

    @Test func namesFromOutsideCannotMoveTheCursor() {
        let rows = [Animal(name: "a\u{1B}[2Jb\n", legs: 1, home: "")]
        #expect(Listing.render(rows, as: .table(width: nil), utf8: true).contains("a?[2Jb?"))
    }

    @Test func quietAndJSON() {
        #expect(Listing.render(animals, as: .quiet, utf8: true) == "cat\n百足\n")
        #expect(
            Listing.render(animals, as: .json, utf8: true)
                == "[\n  {\"name\": \"cat\"},\n  {\"name\": \"百足\"}\n]\n")
        #expect(Listing.render([Animal](), as: .json, utf8: true) == "[]\n")
    }

    @Test func widths() {
        #expect(TextColumns.width("abc") == 3)
        #expect(TextColumns.width("漢字") == 4)
        #expect(TextColumns.width("e\u{301}") == 1)
        #expect(TextColumns.width("🙂") == 2)
        #expect(TextColumns.cut("abcdef", to: 4, utf8: false) == "abc~")
        #expect(TextColumns.cut("漢字漢字", to: 4, utf8: true) == "漢…")
        #expect(TextColumns.cut("abc", to: 3, utf8: true) == "abc")
        #expect(TextColumns.padded("7", to: 3, alignRight: true) == "  7")
    }

    @Test func bars() {
        #expect(ProgressBar.render(fraction: 0, width: 4, utf8: true) == "░░░░")
        #expect(ProgressBar.render(fraction: 0.5, width: 4, utf8: true) == "██░░")
        #expect(ProgressBar.render(fraction: 0.53125, width: 4, utf8: true) == "██▏░")
        #expect(ProgressBar.render(fraction: 1, width: 4, utf8: true) == "████")
        #expect(ProgressBar.render(fraction: 7, width: 4, utf8: true) == "████")
        #expect(ProgressBar.render(fraction: .nan, width: 4, utf8: true) == "░░░░")
        #expect(ProgressBar.render(fraction: 0.5, width: 6, utf8: false) == "[##..]")
        #expect(ProgressBar.render(fraction: 0.5, width: 0, utf8: true).isEmpty)
    }

    @Test func sparklines() {
        #expect(Sparkline.render([4, 3, 2, 1], width: 10, utf8: true) == "█▆▃▁")
        #expect(Sparkline.render([1, 1], width: 10, utf8: true) == "▅▅")
        #expect(Sparkline.render([8, 8, 0, 0], width: 2, utf8: true) == "█▁")
        #expect(Sparkline.render([1, .nan, 2], width: 10, utf8: true) == "▁!█")
        #expect(Sparkline.render([.infinity], width: 10, utf8: true) == "!")
        #expect(Sparkline.render([0, 7], width: 10, utf8: false) == "_#")
        #expect(Sparkline.render([], width: 10, utf8: true).isEmpty)
    }

    @Test func numbers() {
        #expect(ReadableNumbers.duration(seconds: 7) == "0:07")
        #expect(ReadableNumbers.duration(seconds: 3723) == "1:02:03")
        #expect(ReadableNumbers.duration(seconds: .infinity) == "-")
        #expect(ReadableNumbers.bytes(512) == "512 B")
        #expect(ReadableNumbers.bytes(1_572_864) == "1.5 MiB")
        #expect(ReadableNumbers.decimal(-0.001, places: 2) == "0.00")
        #expect(ReadableNumbers.decimal(-1.255, places: 1) == "-1.3")
        #expect(ReadableNumbers.significant(2.73149, digits: 4) == "2.731")
        #expect(ReadableNumbers.significant(27.3149, digits: 4) == "27.31")
        #expect(ReadableNumbers.significant(0.000273, digits: 3) == "0.000273")
        #expect(ReadableNumbers.significant(5e-5, digits: 3) == "5.00e-05")
        #expect(ReadableNumbers.significant(0, digits: 3) == "0")
    }

    @Test func theStatusLineFitsAnyWidth() {
        let sink = MemorySink()
        var columns = 20
        let line = StatusLine(sink: sink, usesUTF8: false) { columns }
        line.show { String(repeating: "x", count: $0 + 30) }
        columns = 12
        line.show { String(repeating: "y", count: $0) }
        line.clear()
        line.clear()
        let home = "\r\u{1B}[2K"
        #expect(
            sink.text == home + String(repeating: "x", count: 18) + "~" + home + String(repeating: "y", count: 11)
                + home)
    }
}

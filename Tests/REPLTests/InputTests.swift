import REPL
import Testing

struct InputTests {
    @Test func linesArePromptsOrCommands() {
        #expect(InputCollector.input("  ") == nil)
        #expect(InputCollector.input("Where is it?") == .prompt("Where is it?"))
        #expect(InputCollector.input("/model  some dir  ") == .command(.model, argument: "some dir"))
        #expect(InputCollector.input("/bye") == .command(.quit, argument: ""))
        #expect(InputCollector.input("/modle x") == .unknownCommand("modle"))
        #expect(InputCollector.input("//etc is a folder") == .prompt("/etc is a folder"))
        #expect(SlashCommand.nearest(to: "modle") == .model)
        #expect(SlashCommand.nearest(to: "xyzzy") == nil)
    }

    @Test func quotesGatherLines() {
        var collector = InputCollector()
        #expect(collector.take("\"\"\"one") == nil)
        #expect(collector.isOpen)
        #expect(collector.take("/clear is text here") == nil)
        #expect(collector.take("") == nil)
        #expect(collector.take("two\"\"\"") == .prompt("one\n/clear is text here\n\ntwo"))
        #expect(!collector.isOpen)
        #expect(collector.take("\"\"\"all at once\"\"\"") == .prompt("all at once"))
        #expect(collector.take("\"\"\"") == nil)
        #expect(collector.take("left open") == nil)
        #expect(collector.finish() == .prompt("left open"))
        #expect(collector.finish() == nil)
        _ = collector.take("\"\"\"dropped")
        collector.abandon()
        #expect(collector.take("new") == .prompt("new"))
    }

    @Test func bytesBecomeCharacters() {
        var assembler = UTF8Assembler()
        func scalars(_ bytes: [UInt8]) -> String {
            String(String.UnicodeScalarView(bytes.compactMap { assembler.take($0) }))
        }
        #expect(scalars(Array("aé€🙂b".utf8)) == "aé€🙂b")
        // A sequence that breaks off is dropped, a stray or overlong one is replaced.
        #expect(scalars([0xC3, 0x41]) == "A")
        #expect(scalars([0xA9]) == "\u{FFFD}")
        #expect(scalars([0xC0, 0x80]) == "\u{FFFD}")
    }

    @Test func helpNamesEveryCommand() {
        for command in SlashCommand.allCases {
            #expect(SlashCommand.overview.contains(command.usage + " "), "\(command)")
            #expect(SlashCommand.named(command.rawValue) == command)
        }
    }
}

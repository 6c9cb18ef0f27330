import TextGeneration
import Testing

@Suite struct TextStreamerTests {
    /// A tokenizer of single bytes hands on each character when its last byte has come.
    @Test func pieces() {
        var streamer = TextStreamer()
        var pieces = "Hi there 你好 wor\nld end".unicodeScalars.map { streamer.push(String($0)) }
        pieces.append(streamer.finish())
        #expect(pieces.filter { !$0.isEmpty } == ["Hi ", "there ", "你", "好", " ", "wor\n", "ld ", "end"])
    }

    @Test func nothingIsLost() {
        let text = "a  b\u{301} c\r\n日本語 and\t tabs 😀 end "
        for size in 1...5 {
            var streamer = TextStreamer()
            var rest = Array(text.unicodeScalars)[...]
            var result = ""
            while !rest.isEmpty {
                var piece = String.UnicodeScalarView()
                piece.append(contentsOf: rest.prefix(size))
                rest = rest.dropFirst(size)
                result += streamer.push(String(piece))
            }
            result += streamer.finish()
            #expect(Array(result.utf8) == Array(text.utf8))
        }
    }
}

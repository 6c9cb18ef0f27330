import JSONDocuments
import Testing
import Tokenization

/// Whole small tokenizers against the reference: ids, ids with special tokens, text, text without special tokens.
struct PipelineTests {
    struct Case: Decodable {
        var text: String
        var ids: [Int32]
        var with_special: [Int32]
        var decoded: String
        var skipped: String
    }

    @Test func everyPipelineAgrees() throws {
        let fixtures = try TokenizerFixtures.json("pipelines")
        let pipelines = try #require(fixtures["pipelines"]?.array)
        #expect(pipelines.count == 17)
        for entry in pipelines {
            let name = try #require(entry["name"]?.string)
            let tokenizer = try TokenizerFixtures.pipeline(entry, bases: fixtures["bases"])
            for example in try #require(entry["cases"]).decoded(as: [Case].self) {
                let place = "\(name): \(example.text.debugDescription)"
                #expect(try tokenizer.encode(example.text) == example.ids, "\(place)")
                let withSpecial = try tokenizer.encode(example.text, addingSpecialTokens: true)
                #expect(withSpecial == example.with_special, "\(place)")
                #expect(try tokenizer.decode(example.ids).isExactly(example.decoded), "\(place)")
                let skipped = try tokenizer.decode(example.with_special, skippingSpecialTokens: true)
                #expect(skipped.isExactly(example.skipped), "\(place)")
            }
        }
    }

    /// A long text without a pre-tokenizer is cut where no merge can join, which must not show in its ids.
    @Test func longTextsAreCutOnlyWhereNothingCanJoin() throws {
        let fixtures = try TokenizerFixtures.json("pipelines")
        let long = try #require(fixtures["long_text"]?.string)
        #expect(long.utf8.count > 1400)
        var checked = 0
        for entry in try #require(fixtures["pipelines"]?.array) {
            guard let expected = entry["long_ids"] else { continue }
            let tokenizer = try TokenizerFixtures.pipeline(entry, bases: fixtures["bases"])
            #expect(try tokenizer.encode(long) == expected.decoded(as: [Int32].self), "\(entry["name"] ?? nil)")
            checked += 1
        }
        #expect(checked == 2)
    }

    /// Parts of a stream are whole characters and add up to the text of all ids, for any ids.
    @Test func streamsAddUpToTheWholeText() throws {
        let fixtures = try TokenizerFixtures.json("pipelines")
        var generator = SplitMix(state: 7)
        for entry in try #require(fixtures["pipelines"]?.array) {
            let tokenizer = try TokenizerFixtures.pipeline(entry, bases: fixtures["bases"])
            for length in 0..<40 {
                let ids = (0..<length).map { _ in Int32(generator.next() % UInt64(tokenizer.identifierLimit + 2)) }
                for skips in [false, true] {
                    var stream = tokenizer.incrementalDecoder(skippingSpecialTokens: skips)
                    var parts: [String] = []
                    for identifier in ids { parts.append(try stream.push(identifier)) }
                    parts.append(try stream.finish())
                    let whole = try tokenizer.decode(ids, skippingSpecialTokens: skips)
                    #expect(parts.joined().isExactly(whole), "\(entry["name"] ?? nil): \(ids)")
                }
            }
        }
    }

    @Test func aCharacterArrivesOnlyWhole() throws {
        let fixtures = try TokenizerFixtures.json("pipelines")
        let entry = try #require(fixtures["pipelines"]?[0])
        let tokenizer = try TokenizerFixtures.pipeline(entry, bases: fixtures["bases"])
        var stream = tokenizer.incrementalDecoder()
        let ids = try tokenizer.encode("a\u{1F600}b")
        #expect(ids.count == 5)
        let parts = try ids.map { try stream.push($0) }
        #expect(parts == ["a", "", "", "\u{1F600}", "b"])
        #expect(try stream.finish() == "")
        var broken = tokenizer.incrementalDecoder()
        let cut = try ids.prefix(3).map { try broken.push($0) } + [broken.finish()]
        #expect(cut == ["a", "", "", "\u{FFFD}"])
    }

    private struct SplitMix {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }
}

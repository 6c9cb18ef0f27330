import Datasets
import RunConfiguration
import Testing

/// Documents, one token a character.
struct PretrainingTests {
    struct Case: Sendable {
        var packs: Bool
        var cutoff: Int
        var begins: Bool
        var texts: [String]
    }

    static let cases = [
        Case(packs: false, cutoff: 6, begins: false, texts: ["hello</s>", "hi</s>", "abcdef"]),
        Case(packs: false, cutoff: 6, begins: true, texts: ["<s>hello", "<s>hi</s>", "<s>abcde"]),
        Case(packs: true, cutoff: 6, begins: false, texts: ["hello</s>", "hi</s>abc", "defgh</s>"]),
        Case(packs: true, cutoff: 6, begins: true, texts: ["<s>ello</s>", "<s>i</s>abc", "<s>efgh</s>"]),
    ]

    @Test(arguments: cases) func documentsAndBlocks(_ test: Case) throws {
        var preparing = Preparing.documents(["hello", "hi", "abcdefgh"])
        preparing.options.packs = test.packs
        preparing.options.cutoff = test.cutoff
        if test.begins { preparing.tokenizerName = "characters-bos" }
        #expect(try preparing.texts() == test.texts)
    }

    @Test func blocksNeverCrossAGroup() throws {
        var preparing = Preparing.documents(["aaaa", "bb", "cccccc", "d"])
        preparing.options.cutoff = 5
        #expect(try preparing.texts() == ["aaaa</s>", "bb</s>cc", "cccc</s>"])
        preparing.options.groupSize = 2
        #expect(try preparing.texts() == ["aaaa</s>", "ccccc"])
        #expect(try preparing.run().data.report.training?.leftoverTokens == 7)
        preparing.options.groupSize = 1000
        preparing.options.shardCount = 2
        #expect(try preparing.texts() == ["aaaa</s>", "ccccc"])
    }

    /// Positions that hold the padding token carry no label, also where it is the end of a document.
    @Test func paddingIsNeverTrainedOn() throws {
        var preparing = Preparing.documents(["ab", "c"])
        preparing.options.cutoff = 5
        let item = try #require(try preparing.run().data.train.first)
        #expect(item.labels == item.inputIDs)
        preparing.template = "empty"
        preparing.tokenizerName = "word"  // its end of sequence (0) becomes the padding token
        preparing.options.packs = false
        let items = try preparing.run().data.train
        #expect(items.map { $0.inputIDs.last } == [0, 0])
        #expect(items.map { $0.labels.last } == [-100, -100])
        #expect(items.allSatisfy { $0.labels.dropLast() == $0.inputIDs.dropLast() })
    }

    @Test func aDatasetShorterThanABlockIsRefused() {
        var preparing = Preparing.documents(["ab", "c"])
        preparing.options.cutoff = 100
        #expect(
            preparing.message()
                == "the training data has 5 tokens, too few for one block of 100: lower `cutoff_len`, add text, "
                + "or set `packing: false`")
    }

    @Test func theNameLlama3ChoosesTheEndOfDocuments() throws {
        var preparing = Preparing.documents(["ab"])
        preparing.options.packs = false
        #expect(try preparing.texts() == ["ab</s>"])
        preparing.template = "llama3"
        #expect(try preparing.texts() == ["ab<|end_of_text|>"])
        preparing.template = "qwen"
        #expect(try preparing.texts() == ["ab<|im_end|>"])
    }
}

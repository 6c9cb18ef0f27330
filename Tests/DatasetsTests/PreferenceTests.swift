import Datasets
import JSONDocuments
import RunConfiguration
import Testing
import Tokenization

/// Answers that are compared, judged or written: the reference's examples, one token a character.
struct PreferenceTests {
    static let pairs: [(Int, String, String, String, String)] = [
        (
            1000, "Human: Hi</s>\nAssistant:Yo</s>\nHuman: Q</s>\nAssistant:good answer</s>\n", "-45 +13",
            "Human: Hi</s>\nAssistant:Yo</s>\nHuman: Q</s>\nAssistant:bad</s>\n", "-45 +5"
        ),
        (
            30, "Human: Hi</s>\nAssistgood answer</s>\n", "-17 +13", "Human: Hi</s>\nAssistbad</s>\n", "-17 +5"
        ),
        (20, "Human: Hi</s>\nAssisgood", "-16 +4", "Human: Hi</s>\nAssisbad</s>", "-16 +4"),
        (12, "Human: Hi</s>go", "-10 +2", "Human: Hi</s>ba", "-10 +2"),
    ]

    @Test(arguments: pairs)
    func chosenAndRejected(cutoff: Int, chosen: String, labels: String, rejected: String, others: String) throws {
        var preparing = Preparing(
            "default",
            rows: #"""
                [{"instruction": "Q", "input": "", "history": [["Hi", "Yo"]], "good": "good answer", "bad": "bad"}]
                """#)
        preparing.info = #"""
            {"d": {"file_name": "d.json", "ranking": true, "columns": {"prompt": "instruction", "query": "input",
            "history": "history", "chosen": "good", "rejected": "bad"}}}
            """#
        preparing.options.stage = .dpo
        preparing.options.cutoff = cutoff
        let (data, tokenizer) = try preparing.run()
        guard case .preference(let pair)? = data.training.first else {
            Issue.record("no pair")
            return
        }
        #expect(try tokenizer.decode(pair.chosen.inputIDs, skippingSpecialTokens: false) == chosen)
        #expect(try tokenizer.decode(pair.rejected.inputIDs, skippingSpecialTokens: false) == rejected)
        #expect(pair.chosen.labelRuns == labels && pair.rejected.labelRuns == others)
    }

    private func tagged(_ rows: String) -> Preparing {
        var preparing = Preparing("default", rows: rows)
        preparing.info = #"""
            {"d": {"file_name": "d.json", "columns": {"prompt": "q", "response": "a", "kto_tag": "good"}}}
            """#
        preparing.options.stage = .kto
        return preparing
    }

    @Test func answersOfTheRowBefore() throws {
        let (data, tokenizer) = try tagged(
            #"""
            [{"q": "q1", "a": "g1", "good": true}, {"q": "q2", "a": "b2", "good": false},
            {"q": "q3", "a": "g3", "good": true}]
            """#
        ).run()
        let found = try data.training.map { item -> String in
            guard case .feedback(let item) = item else { return "" }
            let texts = try [item.target, item.mismatched].map {
                try tokenizer.decode($0.inputIDs, skippingSpecialTokens: false).dropLast(5).suffix(2)
            }
            return "\(texts[0]) \(texts[1]) \(item.isDesired)"
        }
        #expect(found == ["g1 g3 true", "b2 g1 false", "g3 b2 true"])
        #expect(data.report.training?.desiredItems == 2)
    }

    @Test func oneKindOfAnswerIsToldOf() throws {
        let (data, _) = try tagged(#"[{"q": "q1", "a": "g1", "good": true}, {"q": "q2", "a": "b2", "good": true}]"#)
            .run()
        #expect(data.report.training?.warnings.contains { $0.contains("all answers are desired") } == true)
    }

    @Test func aRowWithoutATagIsDroppedButLendsItsAnswer() throws {
        let (data, _) = try tagged(
            #"[{"q": "q1", "a": "g1", "good": 1}, {"q": "q2", "a": "b2", "good": true}]"#
        ).run()
        #expect(data.training.count == 1)
        #expect(data.report.training?.drops.first?.reason == .noTag)
        let message = tagged(#"[{"q": "q1", "a": "", "good": 1}, {"q": "q2", "a": "b2", "good": true}]"#).message()
        #expect(message.hasPrefix("DATA/d.json, row 2: the row before it has an empty answer"))
    }

    static let prompts: [(String, String, String)] = [
        ("default", "Human: q1</s>\nAssistant:", "</s>\n"), ("glm4", "[gMASK]<sop><|user|>\nq1<|assistant|>", "\n</s>"),
        ("mistral", "<s>[INST] q1[/INST]", " </s>"),
    ]

    @Test(arguments: prompts) func promptsWithoutAnswers(template: String, text: String, answer: String) throws {
        var preparing = Preparing(template, rows: #"[{"instruction": "q1", "input": "", "output": null}]"#)
        preparing.options.stage = .ppo
        let (data, tokenizer) = try preparing.run()
        guard case .prompt(let item)? = data.training.first else {
            Issue.record("no prompt")
            return
        }
        #expect(try tokenizer.decode(item.inputIDs, skippingSpecialTokens: false) == text)
        #expect(try tokenizer.decode(item.labels, skippingSpecialTokens: false) == answer)
    }

    @Test func datasetsOfOtherStagesAreRefused() {
        var preparing = Preparing("default", rows: #"[{"instruction": "q1", "input": "", "output": "a"}]"#)
        preparing.options.stage = .rm
        #expect(preparing.message().contains("holds no preferences"))
        preparing.info = #"{"d": {"file_name": "d.json", "ranking": true}}"#
        preparing.options.stage = .kto
        #expect(preparing.message().contains("which the stage `kto` cannot use"))
    }
}

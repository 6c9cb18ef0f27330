import Datasets
import JSONDocuments
import RunConfiguration
import Testing
import Tokenization

/// The dialog Hi/Hello/Bye/See you under several templates and options, one token a character.
struct SupervisedTests {
    struct Case: Sendable {
        var template: String
        var cutoff = 1000
        var trainsOnPrompt = false
        var masksHistory = false
        var text: String
        var labels: String
        var trained: String
    }

    static let whole = "Human: Hi</s>\nAssistant:Hello</s>\nHuman: Bye</s>\nAssistant:See you</s>\n"
    static let glm = "[gMASK]<sop><|user|>\nHi<|assistant|>\nHello<|user|>\nBye<|assistant|>\nSee you</s>"
    static let llama3 =
        "<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello"
        + "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant"
        + "<|end_header_id|>\n\nSee you<|eot_id|>"
    static let gemma =
        "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n<start_of_turn>user\nBye"
        + "<end_of_turn>\n<start_of_turn>model\nSee you<end_of_turn>\n"

    static let templates = [
        Case(template: "default", text: whole, labels: "-21 +7 -22 +9", trained: "Hello</s>\nSee you</s>\n"),
        Case(template: "llama3", text: llama3, labels: "-25 +6 -25 +8", trained: "Hello<|eot_id|>See you<|eot_id|>"),
        Case(
            template: "gemma", text: gemma, labels: "-18 +7 -18 +9",
            trained: "Hello<end_of_turn>\nSee you<end_of_turn>\n"),
        Case(
            template: "mistral", text: "<s>[INST] Hi[/INST] Hello</s>[INST] Bye[/INST] See you</s>",
            labels: "-17 +7 -17 +9", trained: " Hello</s> See you</s>"),
        Case(template: "glm4", text: glm, labels: "-7 +7 -5 +9", trained: "\nHello</s>\nSee you</s>"),
        Case(
            template: "fewshot", text: "HiHello\n\nByeSee you\n\n</s>", labels: "-2 +8 -2 +10",
            trained: "Hello\n\n</s>See you\n\n</s>"),
    ]

    static let labelOptions = [
        Case(template: "default", masksHistory: true, text: whole, labels: "-50 +9", trained: "See you</s>\n"),
        Case(template: "default", trainsOnPrompt: true, text: whole, labels: "+59", trained: whole),
        Case(template: "glm4", masksHistory: true, text: glm, labels: "+1 -18 +9", trained: "</s>\nSee you</s>"),
    ]

    static let truncated = [
        Case(template: "default", cutoff: 10, text: "Human: HHe", labels: "-8 +2", trained: "He"),
        Case(
            template: "default", cutoff: 20, text: "Human: Hi</s>\nAsHello</s>\n", labels: "-13 +7",
            trained: "Hello</s>\n"),
        Case(
            template: "default", cutoff: 30, text: "Human: Hi</s>\nAssistant:Hello</s>\nHu", labels: "-21 +7 -2",
            trained: "Hello</s>\n"),
        Case(
            template: "default", cutoff: 40, text: "Human: Hi</s>\nAssistant:Hello</s>\nHuman: BySee",
            labels: "-21 +7 -9 +3", trained: "Hello</s>\nSee"),
        Case(
            template: "default", cutoff: 20, masksHistory: true, text: "Human: Bye</s>See you</s>\n", labels: "-11 +9",
            trained: "See you</s>\n"),
        Case(
            template: "default", cutoff: 40, masksHistory: true,
            text: "Human: HeHuman: Bye</s>\nAssistant:See you</s>\n",
            labels: "-31 +9", trained: "See you</s>\n"),
        Case(
            template: "glm4", cutoff: 8, text: "[gMASK]<sop><|user|>\n\nHe</s>", labels: "-4 +4", trained: "\nHe</s>"),
        Case(
            template: "glm4", cutoff: 16, text: "[gMASK]<sop><|user|>\nHi<|assistant|>\nHello<|user|>\n</s>",
            labels: "-7 +9", trained: "\nHello</s>\n</s>"),
        Case(
            template: "glm4", cutoff: 20, text: "[gMASK]<sop><|user|>\nHi<|assistant|>\nHello<|user|>\nB\nSe</s>",
            labels: "-7 +7 -2 +4", trained: "\nHello</s>\nSe</s>"),
    ]

    @Test(arguments: templates + labelOptions + truncated) func itemsOfTheReference(_ test: Case) throws {
        var preparing = Preparing.dialog(test.template)
        preparing.options.cutoff = test.cutoff
        preparing.options.trainsOnPrompt = test.trainsOnPrompt
        preparing.options.masksHistory = test.masksHistory
        let (data, tokenizer) = try preparing.run()
        let item = try #require(data.train.first)
        #expect(try tokenizer.decode(item.inputIDs, skippingSpecialTokens: false) == test.text)
        #expect(item.labelRuns == test.labels)
        #expect(try item.trainedText(by: tokenizer) == test.trained)
        #expect(data.report.training?.labelledTokens == item.labelledCount)
    }

    @Test func theReportCountsWhatDidNotFit() throws {
        var preparing = Preparing.dialog("default")
        preparing.options.cutoff = 20
        let part = try #require(try preparing.run().data.report.training)
        #expect(part.truncatedItems == 1 && part.lostTurns == 1)
        #expect(part.lostPromptTokens == 8 && part.lostResponseTokens == 0)
        #expect(
            part.lines.contains(
                "training data: 1 of 1 items did not fit `cutoff_len`; lost 8 prompt tokens, 1 whole turns"))
    }

    @Test func promptsAreNotTrainedOnWithAnEfficientEnd() {
        var preparing = Preparing.dialog("glm4")
        preparing.options.trainsOnPrompt = true
        #expect(preparing.message().hasPrefix("`train_on_prompt` cannot be used with the template `glm4`"))
    }

    @Test func itemsUnderTheReferencesNames() {
        let item = PreparedItem.sequence(TrainingItem(inputIDs: [5, 6], labels: [-100, 6]))
        #expect(
            item.preview(stage: .sft).serialized(.spaced)
                == #"{"input_ids": [5, 6], "attention_mask": [1, 1], "labels": [-100, 6]}"#)
        #expect(item.preview(stage: .pt).serialized(.spaced) == #"{"input_ids": [5, 6], "attention_mask": [1, 1]}"#)
    }
}

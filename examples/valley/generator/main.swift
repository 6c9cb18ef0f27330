// Writes the text, questions and tokenizer of the bundled example below the folder given as argument.
// Everything follows from the seed: the same call writes the same bytes.
import Foundation

guard CommandLine.arguments.count == 2 else {
    FileHandle.standardError.write(Data("usage: valley-generator FOLDER\n".utf8))
    exit(2)
}
let folder = URL(fileURLWithPath: CommandLine.arguments[1])
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

func write(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
}

func quoted(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    return "\"\(escaped)\""
}

var valley = Valley(seed: 7)
let paragraphs = (0..<30_000).map { _ in valley.paragraph() }
try write(paragraphs.joined(separator: "\n") + "\n", "almanac.txt")

let tuning = valley.questions(about: valley.tuned, wordings: 2)
let rows = tuning.map { "  {\"instruction\": \(quoted($0.question)), \"output\": \(quoted($0.answer))}" }
try write("[\n" + rows.joined(separator: ",\n") + "\n]\n", "questions.json")

let heldBack = valley.questions(about: valley.heldBack, wordings: 1).prefix(20)
try write(heldBack.map { "\($0.question)\t\($0.answer)\n" }.joined(), "held-back.tsv")

let markup = tuning.map { "Human: \($0.question)\n\nAssistant: " }
var trainer = BytePairTrainer(special: ["<|endoftext|>", "<|pad|>"], texts: paragraphs + markup)
trainer.train(vocabularySize: 768)
let vocabulary = trainer.vocabulary.enumerated().map { "      \(quoted($0.element)): \($0.offset)" }
let merges = trainer.merges.map { "      \(quoted("\($0.0) \($0.1)"))" }
let special = ["<|endoftext|>", "<|pad|>"].enumerated().map { id, content in
    """
        {"id": \(id), "content": "\(content)", "single_word": false, "lstrip": false, "rstrip": false, \
    "normalized": false, "special": true}
    """
}
try write(
    """
    {
      "version": "1.0",
      "truncation": null,
      "padding": null,
      "added_tokens": [
    \(special.joined(separator: ",\n"))
      ],
      "normalizer": null,
      "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
      "post_processor": null,
      "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
      "model": {
        "type": "BPE",
        "dropout": null,
        "unk_token": null,
        "continuing_subword_prefix": null,
        "end_of_word_suffix": null,
        "fuse_unk": false,
        "byte_fallback": false,
        "ignore_merges": false,
        "vocab": {
    \(vocabulary.joined(separator: ",\n"))
        },
        "merges": [
    \(merges.joined(separator: ",\n"))
        ]
      }
    }

    """, "tokenizer.json")

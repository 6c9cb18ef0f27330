/// Rows of the group `data`.
extension Parameters {
    package static let template = Parameter<String?>(
        "template", .data, default: nil,
        help: "Chat template that turns dialogs into prompts; when absent, what the tokenizer's own shows, or empty.",
        .acts(test: "DatasetsTests/ReferenceCaseTests"))
    package static let dataset = Parameter<[String]?>(
        "dataset", .data, default: nil,
        help: "Names of the training datasets in dataset_info.json.",
        .acts(test: "DatasetsTests/DatasetFileTests"))
    package static let evalDataset = Parameter<[String]?>(
        "eval_dataset", .data, default: nil,
        help: "Names of the evaluation datasets in dataset_info.json.",
        .acts(test: "DatasetsTests/DatasetFileTests"))
    package static let datasetDir = Parameter<String>(
        "dataset_dir", .data, default: "data", path: .folder,
        help:
            "Folder with dataset_info.json and data; ONLINE: names are a hub's; REMOTE:NAME: a dataset of a hub holds it.",
        .acts(test: "DatasetsTests/DatasetFileTests"))
    package static let imageDir = Parameter<String?>(
        "image_dir", aliases: ["media_dir"], .data, default: nil, path: .folder,
        help: "Folder that images, videos and audio files are looked up in; dataset_dir when absent.",
        .notYet("multimodal models"))
    package static let cutoffLen = Parameter<Int>(
        "cutoff_len", .data, default: 2048, .atLeast(1),
        help: """
            Most tokens of one training item, prompt and response together; the block length when stage pt \
            packs.
            """,
        .acts(test: "DatasetsTests/LengthBudgetTests"))
    package static let trainOnPrompt = Parameter<Bool>(
        "train_on_prompt", .data, default: false,
        help: "Learn the prompt's tokens as well as the response's; stage sft only.",
        .acts(test: "DatasetsTests/SupervisedTests"))
    package static let maskHistory = Parameter<Bool>(
        "mask_history", .data, default: false,
        help: "Learn only the last response of a dialog; stage sft only.",
        .acts(test: "DatasetsTests/SupervisedTests"))
    package static let streaming = Parameter<Bool>(
        "streaming", .data, default: false,
        help: "Read the data while training instead of all before.",
        .acts(test: "DatasetsTests/DataStreamTests"))
    package static let bufferSize = Parameter<Int>(
        "buffer_size", .data, default: 16384, .atLeast(1),
        help: "Items among which streaming picks at random.",
        .acts(test: "DatasetsTests/DataStreamTests"))
    package static let mixStrategy = Parameter<MixStrategy>(
        "mix_strategy", .data, default: .concat,
        help: """
            How several datasets are joined: one after the other, or interleaved until the shortest or the \
            longest ends, or until each row was taken once.
            """,
        .acts(test: "DatasetsTests/MixingTests"))
    package static let interleaveProbs = Parameter<[Double]?>(
        "interleave_probs", .data, default: nil,
        help: "Shares with which interleaved datasets are drawn, one for each; they add up to 1.",
        .acts(test: "DatasetsTests/MixingTests"))
    package static let overwriteCache = Parameter<Bool>(
        "overwrite_cache", .data, default: false,
        help: "Prepare the data anew and replace what `tokenized_path` holds.",
        .acts(test: "DatasetsTests/SavedDataTests"))
    package static let preprocessingBatchSize = Parameter<Int>(
        "preprocessing_batch_size", .data, default: 1000, .atLeast(1),
        help: "Rows prepared together; packing and the pairs of stage kto stay within such a group.",
        .acts(test: "DatasetsTests/PretrainingTests"))
    package static let preprocessingNumWorkers = Parameter<Int?>(
        "preprocessing_num_workers", .data, default: nil, .atLeast(1),
        help: "Parts that the reference's worker processes prepare apart; groups of rows stay within each part.",
        .acts(test: "DatasetsTests/PretrainingTests"))
    package static let maxSamples = Parameter<Int?>(
        "max_samples", .data, default: nil, .atLeast(1),
        help: "Keep only the first rows of each dataset.",
        .acts(test: "DatasetsTests/RowErrorTests"))
    package static let evalNumBeams = Parameter<Int?>(
        "eval_num_beams", .data, default: nil,
        help: "Beams of the generation at evaluation.",
        .notYet("prediction runs"))
    package static let ignorePadTokenForLoss = Parameter<Bool>(
        "ignore_pad_token_for_loss", .data, default: true,
        help: "Leave padding out of the loss; if not, stage sft learns to go on with padding.",
        .acts(test: "TrainingLoopTests/ReferenceRunTests"))
    package static let valSize = Parameter<RowShare>(
        "val_size", .data, default: .fraction(0),
        help: "Rows set aside from the training data for evaluation: an integer counts them, a float is a share.",
        .acts(test: "DatasetsTests/RandomnessTests"))
    package static let packing = Parameter<Bool?>(
        "packing", .data, default: nil,
        help: "Fill items with several examples up to cutoff_len; stage pt does so unless told not to.",
        .acts(test: "DatasetsTests/PackingTests"))
    package static let neatPacking = Parameter<Bool>(
        "neat_packing", .data, default: false,
        help: "Packing in which packed examples do not see each other.",
        .acts(test: "TrainingLoopTests/PackedRunTests"))
    package static let toolFormat = Parameter<String?>(
        "tool_format", .data, default: nil,
        help: "Format of tool descriptions and calls, instead of the template's own.",
        .acts(test: "ChatTemplatesTests/ToolFormatTests"))
    package static let tokenizedPath = Parameter<String?>(
        "tokenized_path", .data, default: nil, path: .folder,
        help: "Folder that prepared data is saved to, or read from when it exists.",
        .acts(test: "DatasetsTests/SavedDataTests"))
    package static let evalOnEachDataset = Parameter<Bool>(
        "eval_on_each_dataset", .data, default: false,
        help: "Report each evaluation dataset apart.",
        .acts(test: "TrainingLoopTests/ReferenceRunTests"))
    package static let enableThinking = Parameter<Bool?>(
        "enable_thinking", .data, default: true,
        help: "Whether reasoning models think aloud before they answer.",
        .acts(test: "ChatTemplatesTests/TemplateEncodingTests"))
    package static let preserveThinking = Parameter<Bool>(
        "preserve_thinking", .data, default: false,
        help: "Keep the thoughts of earlier turns in the history.",
        .acts(test: "ChatTemplatesTests/TemplateEncodingTests"))
    package static let dataSharedFileSystem = Parameter<Bool>(
        "data_shared_file_system", .data, default: false,
        help: "Whether several machines share the folder of prepared data.",
        .cannotMatter("one machine prepares the data"))

    static let dataRows: [ParameterDescription] = [
        template.description, dataset.description, evalDataset.description, datasetDir.description,
        imageDir.description, cutoffLen.description, trainOnPrompt.description, maskHistory.description,
        streaming.description, bufferSize.description, mixStrategy.description, interleaveProbs.description,
        overwriteCache.description, preprocessingBatchSize.description, preprocessingNumWorkers.description,
        maxSamples.description, evalNumBeams.description, ignorePadTokenForLoss.description, valSize.description,
        packing.description, neatPacking.description, toolFormat.description, tokenizedPath.description,
        evalOnEachDataset.description, enableThinking.description, preserveThinking.description,
        dataSharedFileSystem.description,
    ]
}

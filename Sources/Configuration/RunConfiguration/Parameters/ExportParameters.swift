/// Rows of the group `export`.
extension Parameters {
    package static let exportDir = Parameter<String?>(
        "export_dir", .export, default: nil, path: .folder,
        help: "Folder for the exported model.",
        .acts(test: "ModelExportTests"))
    package static let exportSize = Parameter<Int>(
        "export_size", .export, default: 1, .atLeast(1),
        help: "Most gigabytes of one exported weight file.",
        .acts(test: "ModelExportTests"))
    package static let exportDevice = Parameter<String>(
        "export_device", .export, default: "cpu",
        choices: ["cpu", "auto"],
        help: "Device that merges the weights.",
        .cannotMatter("weights are merged on the processor, one tensor after another"))
    package static let exportQuantizationBit = Parameter<Int?>(
        "export_quantization_bit", .export, default: nil,
        choices: ["8", "4", "3", "2"],
        help: "Bits of the quantized export.",
        .acts(test: "ModelExportTests/GPTQExportTests"))
    package static let exportQuantizationDataset = Parameter<String?>(
        "export_quantization_dataset", .export, default: nil, path: .file,
        help: "Data that a quantized export is calibrated on.",
        .acts(test: "ModelExportTests/GPTQExportTests"))
    package static let exportQuantizationNsamples = Parameter<Int>(
        "export_quantization_nsamples", .export, default: 128, .atLeast(1),
        help: "Texts of the calibration.",
        .acts(test: "ModelExportTests/GPTQExportTests"))
    package static let exportQuantizationMaxlen = Parameter<Int>(
        "export_quantization_maxlen", .export, default: 1024, .atLeast(1),
        help: "Longest text of the calibration in tokens.",
        .acts(test: "ModelExportTests/GPTQExportTests"))
    package static let exportLegacyFormat = Parameter<Bool>(
        "export_legacy_format", .export, default: false,
        help: "Export the old .bin files instead of safetensors.",
        .acts(test: "ModelExportTests/LegacyExportTests"))
    package static let exportGGUF = Parameter<String?>(
        "export_gguf", .export, default: nil,
        choices: ["f32", "f16", "bf16", "q8_0", "q4_0"],
        help: """
            Also write model.gguf for llama.cpp, with matrices of this type; an own extension, which LLaMA-Factory does not \
            know.
            """,
        .acts(test: "ModelExportTests/GGUFExportTests"))
    package static let exportVerify = Parameter<Bool>(
        "export_verify", .export, default: true,
        help: """
            Read the exported files again and compare their answers with those of the model and adapter they were made \
            from; false writes them without.
            """,
        .acts(test: "ModelExportTests"))
    package static let exportHubModelId = Parameter<String?>(
        "export_hub_model_id", .export, default: nil,
        help: "Repository that tunectl push FILE uploads export_dir to.",
        .acts(test: "TunectlCommandsTests/HubCommandTests"))

    static let exportRows: [ParameterDescription] = [
        exportDir.description, exportSize.description, exportDevice.description,
        exportQuantizationBit.description, exportQuantizationDataset.description,
        exportQuantizationNsamples.description, exportQuantizationMaxlen.description,
        exportLegacyFormat.description, exportGGUF.description, exportVerify.description,
        exportHubModelId.description,
    ]
}

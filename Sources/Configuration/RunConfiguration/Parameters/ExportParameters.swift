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
        .notYet("export"))
    package static let exportQuantizationDataset = Parameter<String?>(
        "export_quantization_dataset", .export, default: nil, path: .file,
        help: "Data that a quantized export is calibrated on.",
        .notYet("export"))
    package static let exportQuantizationNsamples = Parameter<Int>(
        "export_quantization_nsamples", .export, default: 128,
        help: "Texts of the calibration.",
        .notYet("export"))
    package static let exportQuantizationMaxlen = Parameter<Int>(
        "export_quantization_maxlen", .export, default: 1024,
        help: "Longest text of the calibration in tokens.",
        .notYet("export"))
    package static let exportLegacyFormat = Parameter<Bool>(
        "export_legacy_format", .export, default: false,
        help: "Export the old .bin files instead of safetensors.",
        .acts(test: "ModelExportTests/LegacyExportTests"))
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
        exportLegacyFormat.description, exportVerify.description, exportHubModelId.description,
    ]
}

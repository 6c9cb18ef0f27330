/// Rows of the group `quantization`.
extension Parameters {
    package static let quantizationMethod = Parameter<String>(
        "quantization_method", .quantization, default: "bitsandbytes",
        choices: ["bitsandbytes", "bnb", "hqq", "eetq"],
        help: "How the frozen base is quantized while loading.",
        .acts(test: "TrainingLoopTests/QuantizedRunTests"))
    package static let quantizationBit = Parameter<Int?>(
        "quantization_bit", .quantization, default: nil,
        choices: ["1", "2", "3", "4", "5", "6", "8"],
        help: "Bits of the quantized base; absent means none.",
        .acts(test: "TrainingLoopTests/QuantizedRunTests"))
    package static let quantizationType = Parameter<String>(
        "quantization_type", .quantization, default: "nf4",
        choices: ["fp4", "nf4"],
        help: "Number format of 4-bit quantization.",
        .acts(test: "TrainingLoopTests/QuantizedRunTests"))
    package static let doubleQuantization = Parameter<Bool>(
        "double_quantization", .quantization, default: true,
        help: "Quantize the scales of 4-bit quantization as well.",
        .acts(test: "TrainingLoopTests/QuantizedRunTests"))
    package static let quantizationDeviceMap = Parameter<String?>(
        "quantization_device_map", .quantization, default: nil,
        choices: ["auto"],
        help: "Placement of a 4-bit model on devices at inference.",
        .cannotMatter("there is one device, the processor"))

    static let quantizationRows: [ParameterDescription] = [
        quantizationMethod.description, quantizationBit.description, quantizationType.description,
        doubleQuantization.description, quantizationDeviceMap.description,
    ]
}

package import RunConfiguration
package import Tensors

extension RunConfiguration {
    /// What packs the base's linear layers while it is loaded; nil where they stay as they are.
    package var quantizer: (any WeightQuantizer)? { quantizer(bits: self[Parameters.quantizationBit]) }

    /// What packs a model to so many bits by the method that the run has chosen.
    func quantizer(bits: Int?) -> (any WeightQuantizer)? {
        guard let bits else { return nil }
        switch self[Parameters.quantizationMethod] {
        case "hqq": return HQQQuantizer(bits: bits)
        case "eetq": return EETQQuantizer()
        default:
            guard bits == 4 else { return OutlierQuantizer() }
            let codes = FourBitCodes.all.first { $0.name == self[Parameters.quantizationType] } ?? .nf4
            return FourBitQuantizer(codes, quantizesScales: self[Parameters.doubleQuantization])
        }
    }
}

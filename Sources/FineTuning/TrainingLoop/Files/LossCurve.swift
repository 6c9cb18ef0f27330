import Glibc
package import JSONDocuments

/// A figure of the log over the steps, as it is drawn after training.
package struct LossCurve: Equatable, Sendable {
    /// Key in the log's records.
    var key: String
    var steps: [Double]
    var values: [Double]

    /// The records that have `key`; nil if none has.
    package init?(key: String, history: [JSONObject]) {
        let points = history.compactMap { record in
            record[key]?.double.flatMap { value in record["step"]?.double.map { (step: $0, value: value) } }
        }.filter { $0.value.isFinite }
        guard !points.isEmpty else { return nil }
        self.key = key
        steps = points.map(\.step)
        values = points.map(\.value)
    }

    /// `training_loss.png` for `loss`.
    var fileName: String {
        "training_\(String(key.map { $0 == "/" ? "_" : $0 })).png"
    }

    /// Exponential smoothing whose strength grows with the number of points.
    package static func smoothed(_ values: [Double]) -> [Double] {
        guard var last = values.first else { return [] }
        let weight = 1.8 * (1 / (1 + exp(-0.05 * Double(values.count))) - 0.5)
        return values.map { value in
            last = last * weight + (1 - weight) * value
            return last
        }
    }
}

/// Positions of the marks on an axis.
struct AxisTicks: Equatable {
    var positions: [Double]
    /// Decimals needed to tell the marks apart.
    var decimals: Int

    /// Round numbers within `low...high`, at most about `count` of them; whole numbers on request.
    init(from low: Double, to high: Double, count: Int, wholeNumbers: Bool) {
        let span = high - low
        guard span > 0, span.isFinite, count > 0 else {
            positions = [low]
            decimals = 0
            return
        }
        let rough = span / Double(count)
        let magnitude = pow(10, floor(log10(rough)))
        var step = [1, 2, 2.5, 5, 10].map { $0 * magnitude }.first { $0 >= rough * 0.999 } ?? 10 * magnitude
        if wholeNumbers { step = max(1, step.rounded(.up)) }
        let first = Int((low / step).rounded(.up))
        let last = Int((high / step + 1e-9).rounded(.down))
        positions = first <= last ? (first...last).map { Double($0) * step } : [low]
        decimals = (0...9).first { (step * pow(10, Double($0))).isNearlyWhole } ?? 9
    }
}

extension Double {
    fileprivate var isNearlyWhole: Bool { abs(self - rounded()) < 1e-6 * max(1, abs(self)) }

    /// With so many decimals and no exponent.
    func text(decimals: Int) -> String {
        let sign = self < 0 ? "-" : ""
        let factor = pow(10, Double(decimals))
        let scaled = (abs(self) * factor).rounded()
        guard decimals > 0, scaled < 9e15 else { return "\(sign)\(Int(min(scaled, 9e15)))" }
        let digits = String(Int(scaled))
        let filled = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return "\(sign)\(filled.dropLast(decimals)).\(filled.suffix(decimals))"
    }
}

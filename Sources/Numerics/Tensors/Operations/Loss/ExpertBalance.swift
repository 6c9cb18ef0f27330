extension Tape {
    /// How unevenly tokens are spread over the experts of a model's mixtures: the auxiliary loss of the Switch
    /// Transformer (arXiv 2101.03961, equations 4 to 6) for several choices, over the tokens of all layers together.
    ///
    /// `experts * sum over e of share(e) * probability(e)`: the share of the tokens that chose expert e, and its mean
    /// probability, which alone has a gradient. As many as the choices where every expert is equally likely.
    /// - Parameters:
    ///   - reports: of the layers' routings, over as many experts each
    ///   - weight: factor on the result
    package func expertBalance(_ reports: [Variable], weight: Float) throws -> Variable {
        let size = reports.first?.value.count ?? 1
        if let other = reports.first(where: { $0.value.count != size }) {
            throw TensorError.shapeMismatch(operation: "expertBalance", expected: [size], actual: other.shape)
        }
        let experts = (size - 1) / 2
        func sum(_ index: Int) -> Double { reports.reduce(0) { $0 + Double($1.value[index]) } }
        let tokens = sum(size - 1)
        let factor = tokens > 0 ? Double(weight) * Double(experts) / (tokens * tokens) : 0
        let slopes = (0..<experts).map { factor * sum(experts + $0) }
        let value = (0..<experts).reduce(0) { $0 + slopes[$1] * sum($1) }
        return custom(reports, value: try Tensor([Float(value)], shape: [1])) { incoming in
            try reports.map { report in
                let slopes = slopes.map { Float($0) * incoming[0] }
                return try Tensor(slopes + [Float](repeating: 0, count: experts + 1), shape: report.shape)
            }
        }
    }
}

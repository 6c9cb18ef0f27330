import Tensors

/// Grouped-query attention with rotary positions.
struct Attention: SelfAttention {
    let layer: Int
    let query: LinearLayer  // (heads * headSize, hidden)
    let key: LinearLayer  // (keyValueHeads * headSize, hidden)
    let value: LinearLayer  // (keyValueHeads * headSize, hidden)
    let output: LinearLayer  // (hidden, heads * headSize)
    /// Normalise each head before it is rotated.
    let queryNorm: RMSNorm?
    let keyNorm: RMSNorm?
    let options: AttentionOptions
    let rotary: RotaryTables

    /// - Parameter hidden: `(tokens, hidden)`
    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let query = try heads(query, queryNorm, hidden, in: pass)
        let key = try heads(key, keyNorm, hidden, in: pass)
        let value = try pass.linear(hidden, value)
        return try pass.linear(pass.attend(query, key, value, layer: layer, options: options), output)
    }

    private func heads(
        _ projection: LinearLayer, _ norm: RMSNorm?, _ hidden: Variable, in pass: ModelPass
    ) throws -> Variable {
        var heads = try pass.linear(hidden, projection)
        if let norm { heads = try norm(heads, on: pass.tape) }
        return try rotary.rotate(heads, headSize: options.headSize, in: pass)
    }
}

extension Attention {
    /// Which of the projections add a bias.
    enum Bias { case none, queriesKeysValues, all }

    /// Attention under the names that most families use: `q_proj`, `k_proj`, `v_proj`, `o_proj`.
    ///
    /// - Parameters:
    ///   - options: nil for those of the model's configuration
    ///   - normalizesHeads: adds `q_norm` and `k_norm`
    init(
        _ builder: inout ModelBuilder, _ path: String, layer: Int, options: AttentionOptions? = nil,
        rotary: RotaryTables? = nil, bias: Bias = .none, normalizesHeads: Bool = false, normWeightOffset: Float = 0
    ) throws {
        let options = options ?? builder.configuration.attention(layer: layer)
        let hidden = builder.configuration.hiddenSize
        let (queries, keyValues) = (options.queryColumns, options.keyValueColumns)
        self.layer = layer
        self.options = options
        self.rotary = rotary ?? builder.rotary
        query = try builder.linear("\(path).q_proj", queries, hidden, bias: bias != .none)
        key = try builder.linear("\(path).k_proj", keyValues, hidden, bias: bias != .none)
        value = try builder.linear("\(path).v_proj", keyValues, hidden, bias: bias != .none)
        output = try builder.linear("\(path).o_proj", hidden, queries, bias: bias == .all)
        let size = options.headSize
        queryNorm = normalizesHeads ? try builder.norm("\(path).q_norm", size, weightOffset: normWeightOffset) : nil
        keyNorm = normalizesHeads ? try builder.norm("\(path).k_norm", size, weightOffset: normWeightOffset) : nil
    }
}

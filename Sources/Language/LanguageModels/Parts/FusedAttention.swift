import Tensors

/// Grouped-query attention with queries, keys and values in one matrix, in this order.
struct FusedAttention: SelfAttention {
    let layer: Int
    let queriesKeysValues: LinearLayer  // ((heads + 2 * keyValueHeads) * headSize, hidden)
    let output: LinearLayer  // (hidden, heads * headSize)
    let options: AttentionOptions
    let rotary: RotaryTables

    init(_ builder: inout ModelBuilder, _ path: String, layer: Int) throws {
        self.layer = layer
        options = builder.configuration.attention(layer: layer)
        rotary = builder.rotary
        let hidden = builder.configuration.hiddenSize
        queriesKeysValues = try builder.linear(
            "\(path).qkv_proj", options.queryColumns + 2 * options.keyValueColumns, hidden)
        output = try builder.linear("\(path).o_proj", hidden, options.queryColumns)
    }

    func forward(_ hidden: Variable, in pass: ModelPass) throws -> Variable {
        let fused = try pass.linear(hidden, queriesKeysValues)
        let (queries, keys) = (options.queryColumns, options.queryColumns + options.keyValueColumns)
        let query = try rotary.rotate(
            pass.tape.columns(0..<queries, of: fused), headSize: options.headSize, in: pass)
        let key = try rotary.rotate(
            pass.tape.columns(queries..<keys, of: fused), headSize: options.headSize, in: pass)
        let value = try pass.tape.columns(keys..<fused.value.columns, of: fused)
        return try pass.linear(pass.attend(query, key, value, layer: layer, options: options), output)
    }
}

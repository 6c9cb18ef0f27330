/// Rotated keys and values of the tokens of one sequence, for every layer.
package final class KeyValueCache: @unchecked Sendable {
    // Sendable by the rule that one thread generates for a sequence at a time.

    /// Keys and values of one layer, `(capacity, keyValueHeads * headSize)`, of which `count` rows are valid.
    struct Layer {
        var keys: Tensor
        var values: Tensor
        var count = 0
    }

    package let layerCount: Int
    package let columns: Int
    private let step: Int
    var layers: [Layer]
    /// What was read, for models that have to read it anew when a sequence gets long.
    package var tokens: [Int32] = []

    /// - Parameters:
    ///   - columns: `keyValueHeads * headSize`.
    ///   - step: tokens by which the capacity grows at least.
    package init(layers layerCount: Int, columns: Int, step: Int = 256) {
        self.layerCount = layerCount
        self.columns = columns
        self.step = max(1, step)
        layers = (0..<layerCount).map { _ in
            Layer(keys: Tensor(uninitialized: [0, columns]), values: Tensor(uninitialized: [0, columns]))
        }
    }

    /// Tokens that every layer holds.
    package var length: Int { layers.map(\.count).min() ?? 0 }

    package var byteCount: Int { layers.reduce(0) { $0 + $1.keys.byteCount + $1.values.byteCount } }

    /// Forgets everything behind the first `length` tokens.
    package func truncate(to length: Int) {
        for index in layers.indices { layers[index].count = min(layers[index].count, max(0, length)) }
        tokens = Array(tokens.prefix(max(0, length)))
    }

    /// An independent cache with the same tokens, for beams and shared prefixes.
    package func copy() -> KeyValueCache {
        let result = KeyValueCache(layers: layerCount, columns: columns, step: step)
        result.tokens = tokens
        for index in layers.indices {
            result.layers[index] = Layer(
                keys: layers[index].keys.copy(), values: layers[index].values.copy(), count: layers[index].count)
        }
        return result
    }

    /// Adds `rows` new tokens to one layer.
    func append(
        layer index: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, rows: Int
    ) {
        let count = layers[index].count
        if count + rows > layers[index].keys.rows {
            // A quarter more each time keeps the copying a small share of the work.
            let wanted = max(count + rows, count + count / 4)
            let capacity = (wanted + step - 1) / step * step
            layers[index].keys = grown(layers[index].keys, count, capacity)
            layers[index].values = grown(layers[index].values, count, capacity)
        }
        (layers[index].keys.pointer + count * columns).update(from: keys, count: rows * columns)
        (layers[index].values.pointer + count * columns).update(from: values, count: rows * columns)
        layers[index].count = count + rows
    }

    private func grown(_ tensor: Tensor, _ count: Int, _ capacity: Int) -> Tensor {
        let result = Tensor(uninitialized: [capacity, columns])
        result.pointer.update(from: tensor.pointer, count: count * columns)
        return result
    }
}

package import Tensors

/// Quantizes a model's linear layers block by block, each with the inputs that the blocks before it, quantized already,
/// give it.
package struct GPTQQuantizer {
    private let model: DecoderModel
    private let settings: GPTQSettings
    /// Texts to quantize by, as token ids.
    private let samples: [[Int32]]

    /// - Parameter model: its weights and nothing beside them
    package init(_ model: DecoderModel, settings: GPTQSettings, samples: [[Int32]]) {
        self.model = model
        self.settings = settings
        self.samples = samples
    }

    package var blockCount: Int { model.parts.blocks.count }

    /// The layers of a block that are quantized: all linear ones that the packed form fits, but those that choose
    /// experts.
    package func layers(ofBlock block: Int) -> [LinearModule] {
        positions(ofBlock: block).map { model.linearModules[$0] }
    }

    private func positions(ofBlock block: Int) -> [Int] {
        model.linearModules.indices.filter { position in
            let module = model.linearModules[position]
            return module.path.hasPrefix("model.layers.\(block).") && !module.isRouter
                && module.outputs.isMultiple(of: 32) && module.inputs.isMultiple(of: 32)
        }
    }

    /// Quantizes every block.
    ///
    /// - Parameters:
    ///   - done: what an earlier run has made of a block; nil for a block that it did not come to
    ///   - keep: takes a block's layers, by path, as soon as they are there
    package func run(
        done: (_ block: Int) throws -> [String: Weight]?,
        keep: (_ block: Int, _ layers: [String: GPTQCodes]) throws -> Void
    ) throws {
        var hidden = try samples.map { sample in
            try model.parts.embedding(sample, on: Tape(recording: false), branches: nil).value
        }
        for block in 0..<blockCount {
            let branches: [Int: any LinearBranch]
            if let layers = try done(block) {
                branches = replacements(layers)
            } else {
                let layers = try quantize(block, hidden)
                try keep(block, layers)
                branches = replacements(weights(layers))
            }
            if block + 1 < blockCount {
                for index in hidden.indices { hidden[index] = try forward(block, hidden[index], branches) }
            }
        }
    }

    private func weights(_ layers: [String: GPTQCodes]) -> [String: Weight] {
        Dictionary(uniqueKeysWithValues: layers.map { ($0, Weight(name: $0, tensor: $1.widened())) })
    }

    private func replacements(_ layers: [String: Weight]) -> [Int: any LinearBranch] {
        var branches: [Int: any LinearBranch] = [:]
        for (position, module) in model.linearModules.enumerated() {
            guard let weight = layers[module.path] else { continue }
            branches[position] = ReplacedWeight(weight, inputs: module.inputs, outputs: module.outputs)
        }
        return branches
    }

    /// The layers of a block, in the order in which they follow one another.
    private func quantize(_ block: Int, _ hidden: [Tensor]) throws -> [String: GPTQCodes] {
        var layers: [String: GPTQCodes] = [:]
        var branches: [Int: any LinearBranch] = [:]
        let positions = positions(ofBlock: block)
        for stage in GPTQStage.allCases {
            let some = positions.filter { GPTQStage(of: model.linearModules[$0].path) == stage }
            guard !some.isEmpty else { continue }
            let collection = InputCollection()
            var watched = branches
            for position in some {
                watched[position] = WatchedLayer(model.linearModules[position], position, collection)
            }
            for sample in hidden {
                _ = try forward(block, sample, watched)
                collection.endSample()
            }
            for position in some {
                let module = model.linearModules[position]
                let weight = model.weight(ofLinearModule: position).widened()
                layers[module.path] = try GPTQSolver.quantize(
                    weight, hessian: collection.hessian(of: position, inputs: module.inputs), settings: settings,
                    name: module.path)
            }
            branches = replacements(weights(layers))
        }
        return layers
    }

    private func forward(_ block: Int, _ hidden: Tensor, _ branches: [Int: any LinearBranch]) throws -> Tensor {
        let layout = try SequenceLayout(lengths: [hidden.rows])
        let tape = Tape(recording: false)
        let pass = ModelPass(
            on: tape, positions: TokenPositions(values: layout.positions, longest: hidden.rows),
            branches: LinearBranches(model.linearModules.indices.map { branches[$0] }),
            context: PackedSequences(layout: layout))
        return try model.parts.blocks[block].forward(tape.constant(hidden), in: pass).value
    }
}

/// Layers of a block whose inputs do not depend on one another's.
private enum GPTQStage: CaseIterable {
    case attentionInputs, attentionOutput, feedForwardInputs, feedForwardOutput

    init(of path: String) {
        let name = path.split(separator: ".").last.map(String.init) ?? path
        switch name {
        case "o_proj": self = .attentionOutput
        case "down_proj", "w2": self = .feedForwardOutput
        default: self = path.contains(".self_attn.") ? .attentionInputs : .feedForwardInputs
        }
    }
}

/// What layers were given, summed up; those that are always given the same share their sum.
private final class InputCollection {
    private var hessians: [Int: GPTQHessian] = [:]
    /// The layer whose sum a layer shares.
    private var sharing: [Int: Int] = [:]
    /// The inputs of this sample; held, so that no other tensor takes their place.
    private var seen: [(input: Tensor, position: Int)] = []

    func add(_ input: Tensor, of position: Int) throws {
        if sharing[position] == nil {
            sharing[position] = seen.first { $0.input === input }?.position ?? position
        }
        guard sharing[position] == position else { return }
        seen.append((input, position))
        let hessian = hessians[position] ?? GPTQHessian(inputs: input.columns)
        hessians[position] = hessian
        try hessian.add(input)
    }

    func endSample() { seen = [] }

    func hessian(of position: Int, inputs: Int) -> GPTQHessian {
        hessians[sharing[position] ?? position] ?? GPTQHessian(inputs: inputs)
    }
}

/// A layer as it is, whose inputs are collected.
private struct WatchedLayer: LinearBranch, @unchecked Sendable {
    // Sendable because a pass calls its layers one after the other.
    let name: String
    let inputs: Int
    let outputs: Int
    private let position: Int
    private let collection: InputCollection
    var parameters: [Parameter] { [] }

    init(_ module: LinearModule, _ position: Int, _ collection: InputCollection) {
        name = module.path
        inputs = module.inputs
        outputs = module.outputs
        self.position = position
        self.collection = collection
    }

    func forward(_ x: Variable, beside layer: LinearProjection, on tape: Tape) throws -> Variable {
        try collection.add(x.value, of: position)
        return try tape.linear(x, layer)
    }

    func folded(into weight: Tensor) throws -> Tensor { weight }
}

/// Another weight in a layer's place.
private struct ReplacedWeight: LinearBranch {
    let inputs: Int
    let outputs: Int
    private let weight: Weight
    var name: String { weight.name }
    var parameters: [Parameter] { [] }

    init(_ weight: Weight, inputs: Int, outputs: Int) {
        self.weight = weight
        self.inputs = inputs
        self.outputs = outputs
    }

    func forward(_ x: Variable, beside layer: LinearProjection, on tape: Tape) throws -> Variable {
        try tape.linear(x, LinearProjection(weight: .frozen(weight), bias: layer.bias))
    }

    func folded(into weight: Tensor) throws -> Tensor { self.weight.widened() }
}

/// A value on a tape.
package struct Variable {
    /// The numbers; row `t` belongs to token `t` of the packed sequences.
    package let value: Tensor
    /// Where the gradient arrives, nil when none is wanted.
    let slot: Int?
    /// Makes the value again from others that are kept anyway; nil when it must be kept itself.
    var recipe: SavedValue.Recipe?

    /// Whether something below this value is trained.
    package var needsGradient: Bool { slot != nil }
    package var shape: [Int] { value.shape }
}

/// When `Tape.checkpoint` drops a block's intermediate values and computes them again on the way back.
package enum CheckpointPolicy: Sendable, Equatable {
    /// Always recompute: least memory.
    case recompute
    /// Keep while the live tensor bytes stay below the limit; the numbers are the same either way.
    case keepWhileBelow(liveBytes: Int)
    /// Never recompute.
    case keep
}

/// Records coarse operations and walks them back in a loop to accumulate gradients.
///
/// One tape serves one forward and one backward pass. With `recording: false` it only computes.
package final class Tape {
    typealias Backward = (Tape, inout Tensor) throws -> Void
    /// Gets the gradients of several outputs; nil for those that nobody used.
    typealias JointBackward = (Tape, [Tensor?]) throws -> Void

    private struct Node {
        enum Way {
            case single(Int, Backward)
            case joint([Int?], JointBackward)
        }
        let way: Way
        /// Whose gradients its way back adds to.
        let parameters: [Parameter]
    }

    enum Mode { case computing, tracking, recording }

    let mode: Mode
    /// Seeds dropout; nil means evaluation, where dropout does nothing.
    package let randomness: RandomContext?
    package let checkpointPolicy: CheckpointPolicy
    /// How exactly products with large operands are computed.
    package let precision: MatmulPrecision
    /// Whether cheap values are made again on the way back; not worth it inside a block that is itself run again.
    private let remakesValues: Bool
    /// Is told which gradients are complete; nil when nobody wants to know.
    var watch: GradientWatch?
    /// The update of a run that this pass is for, from 0; nil outside of training.
    package let update: Int?
    /// The share that losses of the model's own have in the whole; nil where they are not asked for.
    private let auxiliaryShare: Float?
    private var auxiliaryLosses: [Variable] = []
    /// Parameters of operations that were only tracked.
    private(set) var trackedParameters: [Parameter] = []
    /// The operand that was packed last: layers with the same input (q, k and v; gate and up) share it.
    private var packed: (input: WeakTensor, panels: LeftPanels)?
    private var nodes: [Node] = []
    private var gradients: [Tensor?] = []

    package var isRecording: Bool { mode == .recording }

    package init(
        recording: Bool, randomness: RandomContext? = nil, checkpointPolicy: CheckpointPolicy = .recompute,
        precision: MatmulPrecision = .highest, watch: GradientWatch? = nil, update: Int? = nil,
        auxiliaryShare: Float? = nil
    ) {
        mode = recording ? .recording : .computing
        self.randomness = randomness
        self.checkpointPolicy = checkpointPolicy
        self.precision = precision
        remakesValues = recording
        self.watch = watch
        self.update = update
        self.auxiliaryShare = auxiliaryShare
    }

    /// A tape for the inside of a checkpoint, with the outer tape's randomness.
    init(mode: Mode, like outer: Tape) {
        self.mode = mode
        randomness = outer.randomness
        checkpointPolicy = .keep
        precision = outer.precision
        remakesValues = false
        update = outer.update
        auxiliaryShare = nil
    }

    private struct WeakTensor { weak var tensor: Tensor? }

    /// `x` packed as the left operand of products at the tape's precision.
    func leftPanels(_ x: Tensor) -> LeftPanels {
        if let packed, packed.input.tensor === x { return packed.panels }
        packed = nil
        let panels = LeftPanels(x, precision)
        packed = (WeakTensor(tensor: x), panels)
        return panels
    }

    /// A value that takes no gradient.
    package func constant(_ value: Tensor) -> Variable { Variable(value: value, slot: nil) }

    /// A value whose gradient can be asked for after `backward`.
    package func leaf(_ value: Tensor) -> Variable {
        mode == .computing ? constant(value) : Variable(value: value, slot: newSlot())
    }

    /// The gradient that arrived at a `leaf`.
    package func gradient(of variable: Variable) -> Tensor? { variable.slot.flatMap { gradients[$0] } }

    private func newSlot() -> Int {
        gradients.append(nil)
        return gradients.count - 1
    }

    /// Puts an operation on the record when anything under it wants a gradient.
    ///
    /// `backward` gets the gradient of `value` and may write into it when it is the only holder.
    ///
    /// - Parameters:
    ///   - parameters: to whose gradients `backward` adds
    ///   - recipe: makes `value` again from values that `backward` keeps anyway.
    func record(
        _ value: Tensor, needed: Bool, parameters: [Parameter] = [], recipe: SavedValue.Recipe? = nil,
        _ backward: @escaping Backward
    ) -> Variable {
        guard needed, mode != .computing else { return constant(value) }
        let slot = newSlot()
        guard mode == .recording else {
            trackedParameters += parameters
            return Variable(value: value, slot: slot)
        }
        watch?.expect(parameters)
        nodes.append(Node(way: .single(slot, backward), parameters: parameters))
        return Variable(value: value, slot: slot, recipe: remakesValues ? recipe : nil)
    }

    /// Puts an operation with several results on the record.
    ///
    /// - Parameter needed: which of the results want a gradient
    func record(_ values: [Tensor], needed: [Bool], _ backward: @escaping JointBackward) -> [Variable] {
        guard mode != .computing, needed.contains(true) else { return values.map(constant) }
        let slots = needed.map { $0 ? newSlot() : nil }
        if mode == .recording { nodes.append(Node(way: .joint(slots, backward), parameters: [])) }
        return zip(values, slots).map { Variable(value: $0, slot: $1) }
    }

    /// Adds a gradient to what has already arrived.
    func accumulate(_ gradient: Tensor, into variable: Int?) {
        guard let slot = variable else { return }
        guard gradients[slot] != nil else {
            gradients[slot] = gradient
            return
        }
        var target = take(slot, like: gradient)
        if !isKnownUniquelyReferenced(&target) {
            let sum = Tensor(uninitialized: target.shape)
            Elementwise.add(target, gradient, into: sum)
            gradients[slot] = sum
        } else {
            Elementwise.add(target, gradient, into: target)
            gradients[slot] = target
        }
    }

    private func take(_ slot: Int, like other: Tensor) -> Tensor {
        defer { gradients[slot] = nil }
        return gradients[slot] ?? Tensor(zeros: other.shape)
    }

    /// A buffer that a product can add into: what has arrived, if nobody else holds it.
    ///
    /// The caller gives it back through `store`.
    func bufferForAdding(_ slot: Int, shape: [Int]) -> (buffer: Tensor, holdsSum: Bool) {
        guard gradients[slot] != nil else { return (Tensor(uninitialized: shape), false) }
        if isKnownUniquelyReferenced(&gradients[slot]), let buffer = gradients[slot] { return (buffer, true) }
        let copy = gradients[slot]?.copy() ?? Tensor(zeros: shape)
        return (copy, true)
    }

    func store(_ buffer: Tensor, in slot: Int) { gradients[slot] = buffer }

    /// Whether losses that parts of a model have of their own are asked for, such as those that balance experts.
    package var wantsAuxiliaryLosses: Bool { auxiliaryShare != nil }

    /// Adds a loss of the model's own, a scalar; `backward` starts from it as well.
    package func addAuxiliaryLoss(_ loss: Variable) {
        if wantsAuxiliaryLosses { auxiliaryLosses.append(loss) }
    }

    /// The share of the losses that were added and not walked back from yet.
    package var auxiliaryLoss: Double {
        auxiliaryLosses.reduce(0) { $0 + Double($1.value[0]) } * Double(auxiliaryShare ?? 0)
    }

    /// Walks the record back from the losses that were added alone, where there is no other.
    package func backwardFromAuxiliaryLosses() throws {
        if auxiliaryLosses.contains(where: \.needsGradient) { try walkBack() }
    }

    private func seedAuxiliaryLosses() throws {
        for loss in auxiliaryLosses {
            accumulate(try Tensor([auxiliaryShare ?? 0], shape: loss.shape), into: loss.slot)
        }
        auxiliaryLosses = []
    }

    /// Walks the record back from a scalar, releasing every saved value as soon as it is used.
    package func backward(from variable: Variable, seed: Float = 1) throws {
        let gradient = Tensor(uninitialized: variable.value.shape)
        gradient.fill(seed)
        try backward(from: variable, gradient: gradient)
    }

    /// Walks the record back from `variable` whose gradient is known.
    package func backward(from variable: Variable, gradient: Tensor) throws {
        guard mode == .recording, let slot = variable.slot else {
            throw TensorError.notRecorded(operation: "backward")
        }
        guard gradient.shape == variable.value.shape else {
            throw TensorError.shapeMismatch(
                operation: "backward", expected: variable.value.shape, actual: gradient.shape)
        }
        accumulate(gradient, into: slot)
        try walkBack()
    }

    /// Walks the record back from several variables whose gradients are known; those without a slot are passed over.
    func backward(from variables: [Variable], gradients: [Tensor?]) throws {
        for (variable, gradient) in zip(variables, gradients) {
            if let gradient { accumulate(gradient, into: variable.slot) }
        }
        try walkBack()
    }

    private func walkBack() throws {
        packed = nil
        try seedAuxiliaryLosses()
        while let node = nodes.popLast() {
            switch node.way {
            case .single(let output, let backward):
                if var incoming = takeGradient(output) { try backward(self, &incoming) }
            case .joint(let outputs, let backward):
                let incoming = outputs.map { $0.flatMap(takeGradient) }
                if incoming.contains(where: { $0 != nil }) { try backward(self, incoming) }
            }
            try watch?.passed(node.parameters)
        }
    }

    private func takeGradient(_ slot: Int) -> Tensor? {
        defer { gradients[slot] = nil }
        return gradients[slot]
    }
}

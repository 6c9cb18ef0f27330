package import Datasets
package import Tensors

/// What an update came to.
package struct StageUpdate: Equatable, Sendable {
    package var loss = 0.0
    package var figures = StageFigures()
    /// The gradient's norm before clipping, and the rate that the parameters were changed with.
    package var gradientNorm = 0.0
    package var learningRate = 0.0

    package init() {}
}

/// What an update is made of; the engine that makes it offers these steps to the stage.
package protocol UpdateSteps {
    var learner: Learner { get }
    /// A tape that records pass number `pass` of this update, with randomness of its own.
    ///
    /// - Throws: when the run is to stop; nothing of the update is kept then
    func tape(pass: Int) throws -> Tape
    /// Runs the tape back from a micro-batch's loss, which must be finite, and from losses of the model's own.
    ///
    /// - Returns: the value of both together
    func backward(_ loss: StageLoss, on tape: Tape) throws -> Double
    /// Clips the gradients, changes the parameters and forgets the gradients.
    func changeParameters() throws -> (norm: Double, learningRate: Double)
}

extension TrainingStage {
    /// Forward and backward for each micro-batch, then one change of the parameters.
    package func update(
        _ groups: [[[PreparedItem]]], by steps: some UpdateSteps, memory: inout StageMemory
    ) throws -> StageUpdate {
        var update = StageUpdate()
        var pass = 0
        for group in groups {
            let divisor = try divisor(of: group)
            for items in group {
                let tape = try steps.tape(pass: pass)
                let loss = try loss(of: items, divisor: divisor, learner: steps.learner, on: tape, memory: &memory)
                update.loss += try steps.backward(loss, on: tape)
                update.figures.add(loss.figures)
                pass += 1
            }
        }
        (update.gradientNorm, update.learningRate) = try steps.changeParameters()
        return update
    }
}

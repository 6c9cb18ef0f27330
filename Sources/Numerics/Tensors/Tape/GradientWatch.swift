/// Tells when a parameter's gradient is complete, in the middle of a backward pass.
///
/// The forward pass counts in how many places each parameter is used; where the way back has been through all of them,
/// nothing more will arrive.
package final class GradientWatch {
    private let onComplete: (Parameter) throws -> Void
    private var uses: [ObjectIdentifier: Int] = [:]

    /// - Parameter onComplete: may change the parameter and drop its gradient: no operation reads either again
    package init(onComplete: @escaping (Parameter) throws -> Void) { self.onComplete = onComplete }

    func expect(_ parameters: [Parameter]) {
        for parameter in parameters { uses[ObjectIdentifier(parameter), default: 0] += 1 }
    }

    /// Takes back what was expected of a block that is about to be run again and expects its parts anew.
    func release(_ parameters: [Parameter]) {
        for parameter in parameters { uses[ObjectIdentifier(parameter), default: 0] -= 1 }
    }

    func passed(_ parameters: [Parameter]) throws {
        release(parameters)
        for parameter in parameters where uses[ObjectIdentifier(parameter)] == 0 {
            uses[ObjectIdentifier(parameter)] = nil
            try onComplete(parameter)
        }
    }
}

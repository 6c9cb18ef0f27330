/// Which parameters the next update changes, where that is not all of them.
///
/// A value: what comes next depends on the updates made and on nothing else, so that a checkpoint keeps one number.
package protocol ParameterSelection: Sendable {
    /// Updates made so far.
    var updates: Int { get set }

    /// Changes when other parameters become active; what is remembered is forgotten then.
    var turn: Int { get }

    /// Names of the parameters that the next update changes.
    var active: Set<String> { get }

    /// Every set of parameters that is ever active.
    var alternatives: [Set<String>] { get }

    /// What the log says when the selection changes; nil for nothing.
    var announcement: String? { get }
}

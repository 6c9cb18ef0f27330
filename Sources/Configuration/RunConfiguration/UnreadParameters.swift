import Synchronization

/// Parameters that were written in a way that could not be read, so that nothing can be said about their values.
enum UnreadParameters: Sendable {
    case none
    case names(Set<String>)
    /// The document itself could not be read.
    case all

    mutating func insert(_ name: String) {
        switch self {
        case .none: self = .names([name])
        case .names(let names): self = .names(names.union([name]))
        case .all: return
        }
    }

    /// Whether a rule that looked at `names` may be broken by what could not be read alone.
    func touches(_ names: Set<String>) -> Bool {
        switch self {
        case .none: false
        case .names(let unread): !unread.isDisjoint(with: names)
        case .all: true
        }
    }
}

/// The parameters that a rule looks at.
final class ParameterReads: Sendable {
    private let list = Mutex<Set<String>>([])

    var names: Set<String> { list.withLock { $0 } }

    func note(_ name: String) { list.withLock { _ = $0.insert(name) } }
}

/// What an operation refused, with the operands a reader needs to find the mistake.
package enum TensorError: Error, Equatable, CustomStringConvertible {
    /// Two operands that had to agree did not.
    case shapeMismatch(operation: String, expected: [Int], actual: [Int])
    /// A number outside what the operation accepts.
    case invalidArgument(operation: String, name: String, value: String, expected: String)
    /// An index (token id, row, position, label) outside its table.
    case indexOutOfRange(operation: String, index: Int, limit: Int)
    /// Fewer or more bytes than the shape and element type need.
    case byteCountMismatch(name: String, shape: [Int], expected: Int, actual: Int)
    /// A gradient was asked from a tape that did not record, or from a value that takes none.
    case notRecorded(operation: String)
    /// No OpenBLAS could be opened; `attempts` holds the loader's answer for each name.
    case blasUnavailable(attempts: [String])
    /// A setting that is fixed at first use was changed afterwards.
    case alreadyConfigured(setting: String, current: String, requested: String)

    package var description: String {
        switch self {
        case .shapeMismatch(let operation, let expected, let actual):
            "\(operation): expected shape \(expected), got \(actual)"
        case .invalidArgument(let operation, let name, let value, let expected):
            "\(operation): \(name) is \(value), expected \(expected)"
        case .indexOutOfRange(let operation, let index, let limit):
            "\(operation): index \(index) is outside 0..<\(limit)"
        case .byteCountMismatch(let name, let shape, let expected, let actual):
            "weight \(name) of shape \(shape) needs \(expected) bytes, got \(actual)"
        case .notRecorded(let operation):
            "\(operation): the tape has no record to walk back; make it with recording: true and start from a value "
                + "that depends on a trainable parameter"
        case .blasUnavailable(let attempts):
            "no usable OpenBLAS; install libopenblas0-pthread. Tried: \(attempts.joined(separator: "; "))"
        case .alreadyConfigured(let setting, let current, let requested):
            "\(setting) is already \(current) and cannot become \(requested); set it before the first computation"
        }
    }
}

import Glibc
internal import PythonData

extension JinjaRendering {
    /// A function that every template may call.
    func global(_ name: String) -> JinjaValue? {
        ["range", "namespace", "dict", "raise_exception", "strftime_now"].contains(name)
            ? .callable(.global(name)) : nil
    }

    func callGlobal(_ name: String, _ arguments: ArgumentValues) throws -> JinjaValue {
        try charge()
        switch name {
        case "range": return try range(arguments)
        case "namespace": return .namespace(try JinjaNamespace(try members(arguments)))
        case "dict":
            let members = try members(arguments)
            let keys =
                arguments.named.map(\.0)
                + members.keys.sorted().filter { key in
                    !arguments.named.contains { $0.0 == key }
                }
            return .dictionary(try JinjaDictionary(keys.map { ($0, members[$0] ?? .none) }))
        case "raise_exception": throw JinjaError.raised(try printed(arguments.value(0, "message") ?? .none))
        default:
            guard let format = try arguments.text(0, "format") else {
                throw JinjaError.wrongUse("`strftime_now` needs a format")
            }
            return .string(try now(format))
        }
    }

    private func members(_ arguments: ArgumentValues) throws -> [String: JinjaValue] {
        var members: [String: JinjaValue] = [:]
        if let first = arguments.positional.first {
            guard case .dictionary(let dictionary) = first else {
                throw JinjaError.wrongUse("a dictionary is expected, not \(first.kindName)")
            }
            for (name, value) in dictionary.members { members[name] = value }
        }
        for (name, value) in arguments.named { members[name] = value }
        return members
    }

    private func range(_ arguments: ArgumentValues) throws -> JinjaValue {
        let numbers = try arguments.positional.map { value in
            guard let number = value.integer else {
                throw JinjaError.wrongUse("`range` needs whole numbers, not \(value.kindName)")
            }
            return number
        }
        guard (1...3).contains(numbers.count) else { throw JinjaError.wrongUse("`range` needs one to three numbers") }
        let (start, end) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
        let step = numbers.count == 3 ? numbers[2] : 1
        guard step != 0 else { throw JinjaError.wrongUse("the step of `range` must not be zero") }
        let (distance, overflow) = end.subtractingReportingOverflow(start)
        guard !overflow, step != .min else { throw JinjaError.wrongUse("the range is too long") }
        try charge(elements: Int(min((distance.magnitude / step.magnitude), UInt(Int.max))))
        return try .values(stride(from: start, to: end, by: step).map { .integer($0) })
    }

    private func now(_ format: String) throws -> String {
        guard format.utf8.count <= 256 else { throw JinjaError.wrongUse("the format of a date is too long") }
        var seconds = time(nil)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { throw JinjaError.wrongUse("there is no time") }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

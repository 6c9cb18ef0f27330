/// One value of `lr_scheduler_kwargs`.
package enum ScheduleOption: Sendable, Equatable, CustomStringConvertible {
    case number(Double)
    case text(String)

    package var description: String {
        switch self {
        case .number(let value): "\(value)"
        case .text(let value): value
        }
    }
}

/// The `lr_scheduler_kwargs` of one schedule, read by name; a missing entry has its default.
struct ScheduleOptions {
    let schedule: ScheduleName
    private let values: [String: ScheduleOption]

    /// - Throws: `OptimizerError.unknownOption` for an entry the schedule does not read.
    init(_ values: [String: ScheduleOption], for schedule: ScheduleName) throws {
        for name in values.keys.sorted() where !schedule.options.contains(name) {
            throw OptimizerError.unknownOption(
                owner: "lr_scheduler_kwargs: schedule `\(schedule.rawValue)`", option: name, known: schedule.options)
        }
        self.schedule = schedule
        self.values = values
    }

    func number(_ name: String) throws -> Double? {
        switch values[name] {
        case nil: nil
        case .number(let value) where value.isFinite: value
        case .some(let other):
            throw OptimizerError.invalidSetting(
                name: "lr_scheduler_kwargs.\(name)", value: "\(other)", expected: "a number")
        }
    }

    /// A number of at least 0 without a fraction.
    func count(_ name: String) throws -> Int? {
        guard let value = try number(name) else { return nil }
        guard let count = Int(exactly: value), count >= 0 else {
            throw OptimizerError.invalidSetting(
                name: "lr_scheduler_kwargs.\(name)", value: "\(value)", expected: "a whole number of at least 0")
        }
        return count
    }

    func word<Choice: RawRepresentable & CaseIterable>(_ name: String, _ standard: Choice) throws -> Choice
    where Choice.RawValue == String {
        guard let value = values[name] else { return standard }
        if case .text(let text) = value, let choice = Choice(rawValue: text) { return choice }
        throw OptimizerError.invalidSetting(
            name: "lr_scheduler_kwargs.\(name)", value: "\(value)",
            expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
}

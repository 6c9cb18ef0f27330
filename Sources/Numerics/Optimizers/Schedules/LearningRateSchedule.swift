internal import Glibc

/// The learning rate as a function of the number of updates already made, for one run.
package struct LearningRateSchedule: Sendable {
    package let name: ScheduleName
    package let baseRate: Double
    package let warmupSteps: Int
    package let totalSteps: Int
    private let curve: Curve

    /// - Parameters:
    ///   - options: `lr_scheduler_kwargs`.
    ///   - baseRate: `learning_rate`.
    ///   - warmupSteps: see `warmupSteps(_:ratio:totalSteps:)`.
    /// - Throws: `OptimizerError` for an option that is unknown, missing or out of range, and for
    ///   `reduce_lr_on_plateau`, which is no function of the position; see `PlateauRate`.
    package init(
        _ name: ScheduleName, options: [String: ScheduleOption] = [:], baseRate: Double, warmupSteps: Int,
        totalSteps: Int
    ) throws {
        guard warmupSteps >= 0, totalSteps >= 0 else {
            throw OptimizerError.invalidSetting(
                name: "steps", value: "\(warmupSteps) to warm up, \(totalSteps) in all", expected: "0 or more")
        }
        self.name = name
        self.baseRate = baseRate
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
        curve = try Curve(
            ScheduleOptions(options, for: name), baseRate: baseRate, warmup: warmupSteps, total: totalSteps)
    }

    /// How many steps the rate rises: `warmup_steps` when above 0 (below 1 a share of all steps), else the ratio's share.
    package static func warmupSteps(_ steps: Double, ratio: Double, totalSteps: Int) -> Int {
        let share = steps > 0 ? (steps < 1 ? steps : nil) : ratio
        guard let share else { return Int(steps) }
        return Int((Double(totalSteps) * share).rounded(.up))
    }

    /// The rate of the update that comes after `position` updates; the first has position 0.
    package func rate(at position: Int) -> Double { baseRate * factor(at: position) }

    /// What `baseRate` is multiplied by.
    package func factor(at position: Int) -> Double {
        curve.factor(Double(position), warmup: Double(warmupSteps), total: Double(totalSteps))
    }
}

/// The formula of each schedule, with its options read.
private enum Curve: Sendable {
    case constant
    case constantWithWarmup
    case linear
    case cosine(cycles: Double)
    case cosineWithRestarts(cycles: Double)
    case polynomial(end: Double, base: Double, power: Double)
    case inverseSquareRoot(timescale: Double)
    case cosineWithMinimum(cycles: Double, minimum: Double)
    case cosineWarmupWithMinimum(cycles: Double, minimum: Double, warmupStart: Double?)
    case warmupStableDecay(WarmupStableDecay)

    init(_ options: ScheduleOptions, baseRate: Double, warmup: Int, total: Int) throws {
        switch options.schedule {
        case .constant: self = .constant
        case .constantWithWarmup: self = .constantWithWarmup
        case .linear: self = .linear
        case .cosine: self = .cosine(cycles: try options.number("num_cycles") ?? 0.5)
        case .cosineWithRestarts: self = .cosineWithRestarts(cycles: try options.number("num_cycles") ?? 1)
        case .polynomial:
            let end = try options.number("lr_end") ?? 1e-7
            guard baseRate > end else {
                throw OptimizerError.invalidSetting(
                    name: "lr_scheduler_kwargs.lr_end", value: "\(end)",
                    expected: "less than learning_rate, which is \(baseRate)")
            }
            self = .polynomial(end: end, base: baseRate, power: try options.number("power") ?? 1)
        case .inverseSquareRoot:
            let timescale = try options.number("timescale") ?? 0
            guard timescale >= 0 else {
                throw OptimizerError.invalidSetting(
                    name: "lr_scheduler_kwargs.timescale", value: "\(timescale)", expected: "more than 0")
            }
            self = .inverseSquareRoot(timescale: timescale > 0 ? timescale : warmup > 0 ? Double(warmup) : 10_000)
        case .cosineWithMinimum:
            self = .cosineWithMinimum(
                cycles: try options.number("num_cycles") ?? 0.5,
                minimum: try Curve.minimum(options, baseRate: baseRate))
        case .cosineWarmupWithMinimum:
            self = .cosineWarmupWithMinimum(
                cycles: try options.number("num_cycles") ?? 0.5,
                minimum: try Curve.minimum(options, baseRate: baseRate),
                warmupStart: try options.number("warmup_lr_rate"))
        case .warmupStableDecay: self = .warmupStableDecay(try WarmupStableDecay(options, warmup: warmup, total: total))
        case .reduceOnPlateau:
            throw OptimizerError.invalidSetting(
                name: "lr_scheduler_type", value: options.schedule.rawValue,
                expected: "a schedule that is a function of the step")
        }
    }

    /// The lowest factor, given as a rate or as a share of the base rate.
    private static func minimum(_ options: ScheduleOptions, baseRate: Double) throws -> Double {
        switch (try options.number("min_lr"), try options.number("min_lr_rate")) {
        case (let rate?, nil): return rate / baseRate
        case (nil, let share?): return share
        default:
            throw OptimizerError.missingOption(
                schedule: options.schedule.rawValue, expected: "exactly one of min_lr and min_lr_rate")
        }
    }

    /// - Parameters: `s` updates made, `w` steps of warm-up, `t` steps in all.
    func factor(_ s: Double, warmup w: Double, total t: Double) -> Double {
        switch self {
        case .constant: return 1
        case .cosineWarmupWithMinimum(_, _, let start) where s < w:
            return start.map { $0 + (1 - $0) * s / max(1, w - 1) } ?? (s + 1) / max(1, w)
        case .warmupStableDecay(let phases): return phases.factor(s, warmup: w)
        case _ where s < w: return s / max(1, w)
        default: return decay(s, w, t)
        }
    }

    private func decay(_ s: Double, _ w: Double, _ t: Double) -> Double {
        let length = max(1, t - w)
        let progress = (s - w) / length
        switch self {
        case .constant, .constantWithWarmup: return 1
        case .linear: return max(0, (t - s) / length)
        case .cosine(let cycles): return max(0, Curve.wave(2 * cycles * progress))
        case .cosineWithRestarts(let cycles):
            return progress >= 1 ? 0 : max(0, Curve.wave(fmod(cycles * progress, 1)))
        case .polynomial(let end, let base, let power):
            return s > t ? end / base : ((base - end) * pow(1 - progress, power) + end) / base
        case .inverseSquareRoot(let timescale): return 1 / ((s + timescale - w) / timescale).squareRoot()
        case .cosineWithMinimum(let cycles, let minimum):
            return max(0, Curve.wave(2 * cycles * progress) * (1 - minimum) + minimum)
        case .cosineWarmupWithMinimum(let cycles, let minimum, _):
            return max(0, Curve.wave(2 * cycles * (s - w + 1) / length) * (1 - minimum) + minimum)
        case .warmupStableDecay(let phases): return phases.factor(s, warmup: w)
        }
    }

    /// From 1 at 0 to 0 at 1, along a cosine.
    static func wave(_ x: Double) -> Double { 0.5 * (1 + cos(.pi * x)) }
}

/// Up, level, down (`warmup_stable_decay`).
private struct WarmupStableDecay: Sendable {
    enum Shape: String, CaseIterable {
        case linear, cosine
        case squareRoot = "1-sqrt"
    }

    let stable: Double
    let decay: Double
    let cycles: Double
    let minimum: Double
    let decayShape: Shape
    let warmupShape: Shape

    init(_ options: ScheduleOptions, warmup: Int, total: Int) throws {
        let remaining = max(0, total - warmup)
        stable = Double(try options.count("num_stable_steps") ?? remaining / 3)
        decay = Double(try options.count("num_decay_steps") ?? (remaining - remaining / 3))
        cycles = try options.number("num_cycles") ?? 0.5
        minimum = try options.number("min_lr_ratio") ?? 0
        decayShape = try options.word("decay_type", .cosine)
        warmupShape = try options.word("warmup_type", .linear)
    }

    func factor(_ s: Double, warmup w: Double) -> Double {
        if s < w { return raised(rise(s / max(1, w))) }
        if s < w + stable { return 1 }
        if s < w + stable + decay { return raised(fall((s - w - stable) / max(1, decay))) }
        return minimum
    }

    private func raised(_ factor: Double) -> Double { max(0, factor * (1 - minimum) + minimum) }

    private func rise(_ x: Double) -> Double {
        switch warmupShape {
        case .linear: x
        case .cosine: 0.5 * (1 - cos(.pi * x))
        case .squareRoot: 1 - (1 - x).squareRoot()
        }
    }

    private func fall(_ x: Double) -> Double {
        switch decayShape {
        case .linear: 1 - x
        case .cosine: max(0, Curve.wave(2 * cycles * x))
        case .squareRoot: 1 - x.squareRoot()
        }
    }
}

import Foundation

/// How often a test repeats what it does at random; `FINETUNED_RECOVERY` multiplies it for longer runs.
package enum TestRepetition {
    package static let factor = max(1, Int(ProcessInfo.processInfo.environment["FINETUNED_RECOVERY"] ?? "") ?? 1)
}

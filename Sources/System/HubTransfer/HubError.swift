import LinuxSystem

/// Why something could not be downloaded or uploaded, in words for people.
package struct HubError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The hub could not be reached, broke off, or sent something else than it had announced.
        case network
        case permission, notFound, conflict
        /// The hub asks to come later than is waited for.
        case busy
        case diskFull
        case badRequest, cancelled
    }

    package let kind: Kind
    package let message: String
    package let hint: String?
    /// Of a full disk.
    package var neededBytes: Int?
    package var availableBytes: Int?

    package init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    package var description: String { hint.map { "\(message); \($0)" } ?? message }

    static let cancelled = HubError(.cancelled, "the transfer was cancelled")

    /// A failed call of the operating system on the place that is written to; nil for one that says enough itself.
    static func ofTarget(_ error: SystemError, folder: String, needed: Int? = nil) -> HubError? {
        guard error.isDiskFull else { return nil }
        let available = FileSystem.availableBytes(at: folder)
        var failure = HubError(
            .diskFull, "no space is left for \(error.subject ?? folder)\(space(needed, available))",
            hint: "free some, or choose another folder; what was transferred is kept and goes on from there")
        (failure.neededBytes, failure.availableBytes) = (needed, available)
        return failure
    }

    private static func space(_ needed: Int?, _ available: Int?) -> String {
        guard let needed, let available else { return "" }
        return " (\(needed) bytes are needed, \(available) are free)"
    }

    /// A download that is larger than what is free.
    static func tooLarge(needed: Int, available: Int, folder: String) -> HubError {
        var failure = HubError(
            .diskFull, "\(needed) bytes are to be downloaded, and \(folder) has room for \(available)",
            hint: "free some, or choose another folder with --cache-dir or HF_HUB_CACHE")
        (failure.neededBytes, failure.availableBytes) = (needed, available)
        return failure
    }
}

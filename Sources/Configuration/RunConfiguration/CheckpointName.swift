/// Names of the folders that a run writes its saved states into.
package enum CheckpointName {
    package static let prefix = "checkpoint-"

    /// The folder of the state after `step` updates.
    package static func folder(step: Int) -> String { "\(prefix)\(step)" }

    /// The step of a folder named `checkpoint-<digits>`; nil for every other name.
    package static func step(of name: String) -> Int? {
        guard name.hasPrefix(prefix) else { return nil }
        let digits = name.utf8.dropFirst(prefix.utf8.count)
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(name.dropFirst(prefix.count))
    }

    /// Whether a folder is an unfinished one of ours, left behind by a process that died.
    package static func isTemporary(_ name: String) -> Bool {
        guard name.hasPrefix(prefix), let mark = name.range(ofText: temporaryMark) else { return false }
        return step(of: String(name[..<mark])) != nil
    }

    package static let temporaryMark = ".tmp-"

    /// A name that no other process uses.
    package static func temporary(step: Int, identifier: UInt64) -> String {
        folder(step: step) + temporaryMark + String(identifier, radix: 16)
    }
}

extension String {
    /// Where `text` begins first, comparing characters; Foundation's search is not needed for this.
    fileprivate func range(ofText text: String) -> String.Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}

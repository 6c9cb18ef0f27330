/// How the tensors of a checkpoint are divided over files of a limited size.
///
/// The rule of the Hugging Face hub library: tensors are taken in order; one that alone exceeds the limit gets a file
/// of its own at once, while the file being filled stays open; one that does not fit any more closes that file. The
/// file still open at the end comes last.
package enum ShardPlan {
    /// - Parameters:
    ///   - sizes: bytes of each tensor, in the order of the model
    ///   - limit: bytes of a file
    /// - Returns: positions in `sizes`, one list a file
    package static func shards(sizes: [Int], limit: Int) -> [[Int]] {
        var shards: [[Int]] = []
        var open: [Int] = []
        var openBytes = 0
        for (position, size) in sizes.enumerated() {
            if size > limit {
                shards.append([position])
                continue
            }
            if openBytes + size > limit {
                if !open.isEmpty { shards.append(open) }
                open = []
                openBytes = 0
            }
            open.append(position)
            openBytes += size
        }
        if !open.isEmpty { shards.append(open) }
        return shards
    }

    /// `model.safetensors` alone, or `model-00001-of-00003.safetensors`.
    ///
    /// - Parameter number: one-based
    package static func fileName(
        stem: String = "model", ending: String = "safetensors", number: Int, of count: Int
    ) -> String {
        count == 1 ? "\(stem).\(ending)" : "\(stem)-\(fiveDigits(number))-of-\(fiveDigits(count)).\(ending)"
    }

    /// Whether a file belongs to an earlier save of the same stem and would mislead a loader.
    package static func isWeightFile(
        _ name: String, stem: String = "model", ending: String = "safetensors"
    ) -> Bool {
        if name == "\(stem).\(ending)" || name == "\(stem).\(ending).index.json" { return true }
        guard name.hasPrefix("\(stem)-"), name.hasSuffix(".\(ending)") else { return false }
        let middle = name.dropFirst(stem.utf8.count + 1).dropLast(ending.utf8.count + 1)
        let parts = middle.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[1] == "of"
            && [parts[0], parts[2]].allSatisfy { part in
                part.utf8.count == 5 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
    }

    private static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }
}

import Glibc

/// What this processor can do, as far as choosing OpenBLAS kernels needs it.
enum ProcessorLevel {
    /// Value for `OPENBLAS_CORETYPE`, or nil to let OpenBLAS look for itself.
    static var openBLASCoreType: String? {
        let flags = Self.flags
        let avx512: Set = ["avx512f", "avx512dq", "avx512bw", "avx512vl"]
        if avx512.isSubset(of: flags) { return "SkylakeX" }
        if flags.contains("avx2"), flags.contains("fma") { return "Haswell" }
        return nil
    }

    /// The kernel's list holds only what the operating system has enabled as well.
    private static var flags: Set<String> {
        let line = statusLine(of: "/proc/cpuinfo", startingWith: "flags") ?? ""
        return Set(line.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    /// First line of a kernel file that starts with `prefix`.
    static func statusLine(of path: String, startingWith prefix: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 8192)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(prefix) { return text }
        }
        return nil
    }
}

/// What the project needs of URLs: their origin, and parts that are safe to put into them.
enum WebAddress {
    /// `scheme://host:port` in small letters: what credentials are bound to. Nil for anything but http and https.
    static func origin(of address: String) -> String? {
        let parts = address.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let scheme = parts[0].lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        // A name and a password before the host are no part of the origin, and never used here.
        let authority = parts[1].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        var host = authority.lowercased()
        let standardPort = scheme == "https" ? ":443" : ":80"
        if host.hasSuffix(standardPort) { host.removeLast(standardPort.count) }
        return "\(scheme)://\(host)"
    }

    /// Without query and fragment, which may hold a signature that grants access.
    static func withoutSecrets(_ address: String) -> String { String(address.prefix { $0 != "?" && $0 != "#" }) }

    /// Percent-encoded, but for letters, digits, `-`, `.`, `_`, `~` and what `keeping` names.
    static func escaped(_ text: String, keeping: String = "") -> String {
        let plain = Set("-._~\(keeping)".utf8)
        var result = ""
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) && byte < 0x80
                || plain.contains(byte)
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }

    /// A path within a repository, its slashes kept.
    static func escapedPath(_ path: String) -> String { escaped(path, keeping: "/") }

    static func query(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\($0.name)=\(escaped($0.value))" }.joined(separator: "&")
    }
}

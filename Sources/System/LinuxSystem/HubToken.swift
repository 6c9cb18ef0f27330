/// An access token, which shows itself nowhere.
package struct HubToken: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// For the request that carries it, and nothing else.
    package let secret: String

    /// Nil for a text that is no token: an empty one, or one that would break a header line.
    package init?(_ text: String) {
        let secret = text.filter { !$0.isWhitespace }
        guard !secret.isEmpty, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        self.secret = secret
    }

    package var description: String { "(token)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// What the hub's own tools would use: a variable, else for Hugging Face the file that its login leaves.
    package static func found(for hub: Hub, _ environment: EnvironmentVariables) -> HubToken? {
        if hub == .huggingFace, environment.isOn("HF_HUB_DISABLE_IMPLICIT_TOKEN") { return nil }
        if let text = environment.first(of: hub.tokenVariables) { return HubToken(text) }
        guard hub == .huggingFace else { return nil }
        let home = environment.path("HF_HOME") ?? environment.cacheFolder + "/huggingface"
        let path = environment.path("HF_TOKEN_PATH") ?? home + "/token"
        return (try? MappedFile.contents(of: path, limit: 4096)).flatMap {
            HubToken(String(decoding: $0, as: UTF8.self))
        }
    }
}

import LinuxSystem

/// Which socket the daemon is looked for at (contracts, Programs).
package enum SocketChoice {
    package static func path(
        option: String?, environment: [String: String], fileExists: (String) -> Bool
    ) throws -> String {
        let path = choose(option, environment, fileExists)
        guard path.utf8.count <= UnixSocket.longestPath else {
            throw CommandFailure.usage(
                "the socket path has \(path.utf8.count) bytes, and the kernel takes at most \(UnixSocket.longestPath): \(path)",
                hint: "choose a shorter one with --socket or FINETUNED_SOCKET")
        }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw CommandFailure.usage("the socket path is empty or holds a NUL byte")
        }
        return path
    }

    private static func choose(_ option: String?, _ environment: [String: String], _ fileExists: (String) -> Bool)
        -> String
    {
        if let option { return option }
        if let path = environment["FINETUNED_SOCKET"], !path.isEmpty { return path }
        return DefaultSocket.toConnect({ environment[$0] }, exists: fileExists)
    }
}

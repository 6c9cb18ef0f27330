import ServiceAPI

import JSONDocuments
import TerminalOutput

extension Command {
    /// The version of this client; `doctor` compares it with the daemon's.
    package static let clientVersion = productVersion

    static let version = Command("version", "print the version of this client") { _, context in
        if context.wantsJSON {
            context.printJSON(["name": "tunectl", "version": .string(clientVersion)])
        } else {
            context.output.write("tunectl \(clientVersion)\n")
        }
        return .success
    }
}

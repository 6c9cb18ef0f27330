import ManualPages
import ServiceAPI

/// The manual pages of the client and of the protocol, made from the tables of commands and methods.
package enum ClientManual {
    /// The page of this name, nil when there is none.
    package static func page(_ name: String) -> String? {
        switch name {
        case "tunectl": commandPage
        case "finetuned-rpc": protocolPage
        default: nil
        }
    }

    private static var source: String { "finetuned \(productVersion)" }

    private static var commandPage: String {
        var page = ManualPage(
            "tunectl", section: 1, summary: "fine-tune and talk to language models through finetuned", source: source)
        page.section("Synopsis")
        page.paragraph("tunectl COMMAND [ARGUMENT...] [--OPTION...] [key=value...]")
        page.section("Description")
        page.paragraph(
            """
            The client of finetuned(8). Data goes to standard output, talk to standard error. tunectl never starts a
            daemon; it waits up to two seconds for the socket of one that is just starting.
            """)
        page.section("Options of every command")
        for option in Command.commonOptions { page.item(HelpText.spelling(option).trimmed, option.help) }
        page.section("Commands")
        for command in Commands.all {
            page.subsection(HelpText.usage(of: command))
            let also = command.aliases.isEmpty ? "" : "\nAlso: \(command.aliases.joined(separator: ", "))."
            page.paragraph(capitalized(command.summary) + "." + also)
            if !command.details.isEmpty { page.literal(command.details) }
            for option in command.options { page.item(HelpText.spelling(option).trimmed, option.help) }
        }
        page.section("Exit status")
        for (code, text) in exitCodes { page.item(code, text) }
        page.section("Environment")
        page.item("FINETUNED_SOCKET", "The daemon's socket, when --socket is not given.")
        page.item(
            "XDG_RUNTIME_DIR, XDG_STATE_HOME",
            """
            Where the user's own daemon listens: XDG_RUNTIME_DIR/finetuned.sock, or finetuned/finetuned.sock below
            XDG_STATE_HOME (~/.local/state). The first that exists is used, before /run/finetuned/finetuned.sock.
            """)
        page.item("HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_OFFLINE, ...", "For pull and push; see their help.")
        page.item("FINETUNED_FETCH", "The program that transfers; finetuned-fetch beside tunectl otherwise.")
        page.item("NO_COLOR, CLICOLOR_FORCE, TERM", "Whether colours are used.")
        page.section("Examples")
        page.literal(
            """
            tunectl run recipe.yaml learning_rate=1e-4
            tunectl jobs --state running,queued
            tunectl chat --model base --adapter out template=qwen
            tunectl pull Qwen/Qwen2.5-0.5B-Instruct
            printf '%s\\n' '{"jsonrpc":"2.0","id":1,"method":"job.list"}' |
                nc -U -N /run/finetuned/finetuned.sock | jq .result
            """)
        page.section("See also")
        page.paragraph("finetuned(8), finetuned.yaml(5), finetuned-rpc(7)")
        return page.roff
    }

    private static let exitCodes = [
        ("0", "success"), ("1", "an accepted job failed"), ("2", "usage"), ("3", "cancelled"),
        ("65", "data was refused before a job was accepted"), ("66", "a file, job or model does not exist"),
        ("69", "the daemon or a hub cannot be reached"), ("70", "a defect of the program"),
        ("73", "something cannot be created"), ("75", "a limit is reached; try again later"),
        ("77", "not permitted"), ("78", "the configuration was refused before a job was accepted"),
        ("124", "something took too long"), ("130", "interrupted"),
    ]

    private static var protocolPage: String {
        var page = ManualPage(
            "finetuned-rpc", section: 7, summary: "the protocol that finetuned speaks on its socket", source: source)
        page.section("Description")
        page.paragraph(
            """
            JSON-RPC 2.0 over a Unix stream socket, one message on each line. Parameters are given by name, or by
            position in the order below. Who calls is known from the kernel (SO_PEERCRED); there is no password. A
            request that takes long sends notifications with the id of the request, and `rpc.discover` returns this
            page as an OpenRPC document.
            """)
        page.section("Methods")
        for method in MethodRegistry.methods {
            page.subsection(method.name)
            page.paragraph(method.summary)
            for parameter in method.parameters {
                page.item(
                    parameter.name,
                    "\(parameter.type)\(parameter.isRequired ? "" : ", optional"): \(parameter.summary)")
            }
        }
        for sender in [NotificationSender.daemon, .client] {
            page.section("Notifications of the \(sender.rawValue)")
            for notification in MethodRegistry.notifications where notification.sender == sender {
                page.item(notification.name, notification.summary)
            }
        }
        page.section("Errors")
        page.paragraph(
            "An error's data holds its kind, which is stable, and where they apply hint, job, field, file, line, column."
        )
        for kind in ErrorKind.allCases { page.item("\(kind.rawValue) (\(kind.code))", kind.explanation) }
        page.section("Example")
        page.literal(#"{"jsonrpc":"2.0","id":1,"method":"system.info"}"#)
        page.section("See also")
        page.paragraph("finetuned(8), tunectl(1)")
        return page.roff
    }

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}

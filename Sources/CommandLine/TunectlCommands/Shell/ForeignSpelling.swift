/// Commands that people know from LLaMA-Factory and that are called otherwise here, or are not here yet.
///
/// `train` and `chat` work as they are; a spelling that becomes a command here is found before this table.
enum ForeignSpelling {
    private static let advice: [String: (kind: String, reason: String, instead: String)] = [
        "api": (
            "not_available", "there is no HTTP server",
            "the daemon's socket speaks JSON-RPC: `tunectl rpc chat JSON`, `tunectl chat --jsonl`, or clients/python"
        ),
        "eval": (
            "not_available", "benchmarks are not there yet",
            "`tunectl run FILE` with eval_dataset or val_size evaluates the loss; `tunectl logprobs` scores texts"
        ),
        "webchat": ("usage", "there is no web page", "`tunectl chat`, or tunectl alone, talks on the terminal"),
        "webui": ("usage", "there is no web page", "`tunectl run FILE` trains, `tunectl top` shows what goes on"),
        "env": ("usage", "it is called doctor here", "`tunectl doctor`"),
    ]

    static func refusal(of verb: String) -> CommandFailure? {
        advice[verb].map { advice in
            CommandFailure(kind: advice.kind, message: "`\(verb)`: \(advice.reason)", hint: advice.instead)
        }
    }
}

import RunConfiguration

/// Every verb, in the order of the help.
package enum Commands {
    package static let all: [Command] = [
        .submit, .run, .export, .jobs, .show, .watch, .logs, .metrics, .fetch, .wait, .cancel, .pause, .resume,
        .checkpoint,
        .requeue, .fork, .priority, .remove, .top, .check, .plan, .data, .chat, .generate, .tokenize, .detokenize,
        .logprobs, .score, .models, .pull, .push, .load, .unload, .adapters, .params, .rpc, .doctor, .completion,
        .version, .help,
    ]

    package static func named(_ name: String) -> Command? {
        all.first { $0.name == name || $0.aliases.contains(name) }
    }

    static func nearestName(to name: String) -> String? {
        all.flatMap { [$0.name] + $0.aliases }
            .map { (name: $0, distance: EditDistance.between($0, name, atMost: 3)) }
            .filter { $0.distance <= 2 }
            .min { $0.distance < $1.distance }?
            .name
    }
}

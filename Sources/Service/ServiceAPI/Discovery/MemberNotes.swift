// One sentence for each member whose name does not say it all; they become `description` in the published schema.

extension Job: MembersExplained {
    package static let memberNotes = [
        "name": "the configuration's file name", "owner": "the user id of the submitter",
        "priority": "higher runs earlier", "output_dir": "as the configuration has it",
        "working_directory": "where relative paths start", "submitted_at": "ISO 8601, UTC",
        "started_at": "ISO 8601, UTC", "finished_at": "ISO 8601, UTC",
        "attempt": "how often a worker was started for it",
        "error": "why it failed", "metrics": "what the run reported at its end, for example train_loss",
        "notes": "what was accepted without an effect here, one line each",
        "wish": "what its worker was asked to stop for and has not done yet",
        "after": "jobs that must succeed before this one starts",
        "forked_from": "the job from whose checkpoint it starts",
        "checkpoint": "the newest one that it has told of",
        "threads": "of its workers, the same for every attempt",
        "matmul_precision": "how exactly it multiplies, decided when it was submitted",
        "memory_bytes": "what is set aside for it",
        "memory": "what it was planned to hold and what its workers were seen to hold",
        "queue": "its place, while it waits for its turn", "input": "the file that a generate job reads",
    ]
}

extension QueuePlace: MembersExplained {
    package static let memberNotes = [
        "position": "1 is the next to start", "starts_in": "seconds, where that can be told",
        "reason": "why the first job does not start yet",
    ]
}

extension JobMetrics.Result: MembersExplained {
    package static let memberNotes = [
        "since": "where the next call continues", "complete": "the job has ended and nothing follows",
    ]
}

extension JobProgress: MembersExplained {
    package static let memberNotes = [
        "phase": "what the worker is doing: loading, tokenizing, training, evaluating, saving",
        "tokens_per_second": "real tokens, without padding", "elapsed": "seconds", "remaining": "seconds",
    ]
}

extension JobEvent: MembersExplained {
    package static let memberNotes = [
        "seq": "numbered from 1 without gaps", "at": "ISO 8601, UTC, milliseconds",
        "fields": "by kind: state and error; phase; the members of JobProgress; eval_loss and its kin; step and path; "
            + "message",
    ]
}

extension ErrorData: MembersExplained {
    package static let memberNotes = [
        "hint": "what to do", "job": "the job it is about", "field": "the parameter it is about",
        "file": "the file, with line and column where they are known",
        "needed_bytes": "of a full disk: what had to be written",
        "available_bytes": "of a full disk: what there is room for",
    ]
}

extension ServiceError: MembersExplained {
    package static let memberNotes = ["message": "for people; programs decide by kind"]
}

extension ConfigurationSource: MembersExplained {
    package static let memberNotes = [
        "text": "a YAML file's text", "name": "its name, for messages", "object": "the configuration instead of text",
    ]
}

extension ConfigValidate.Result: MembersExplained {
    package static let memberNotes = [
        "notes": "what was accepted without an effect here, one line each",
        "values": "every parameter with the value that the run would use",
    ]
}

extension MemoryPlan: MembersExplained {
    package static let memberNotes = [
        "parts": "what adds up to peak_anonymous_bytes",
        "matmul_precision": "how exactly products are computed: highest, high or medium",
        "recomputed_share": "of the layers whose activations are computed again in the backward pass",
        "keep_below_bytes": "of tensors below which a layer keeps its activations; absent where the file decides",
        "peak_anonymous_bytes": "the most memory of the run's own",
        "mapped_weight_bytes": "pages of weight files, which all processes on the same files share",
        "peak_resident_bytes": "the most that is resident at a time, mapped weights included",
        "speed": "what the machine was measured to do, or was found to do earlier",
        "budget_bytes": "what all runs and models may hold together",
        "alternative": "where the run does not fit: changes with which it would",
    ]
}

extension DatasetPreview.Result: MembersExplained {
    package static let memberNotes = [
        "items": "how many the split has", "notes": "what was read, dropped or cut, for people",
        "warnings": "those of the notes that deserve a look before training",
        "parts": "figures of the training part, then of each evaluation part",
    ]
}

extension DatasetPreview.Part: MembersExplained {
    package static let memberNotes = [
        "trained_tokens": "tokens that are trained on", "fully_masked": "items without any such token",
        "truncated": "items that lost tokens because they did not fit", "duplicates": "rows that repeat an earlier one",
        "dropped": "rows that take no part", "lengths": "rows by their number of tokens: {from, to, rows}",
    ]
}

extension Generate.Result: MembersExplained {
    package static let memberNotes = [
        "ids": "the new tokens, a stop token that ended them included", "text": "their text without special tokens",
        "tool_calls": "the calls that the text consists of, if tools were given and it does",
        "finish_reason": "stop or length",
        "prompt_seconds": "time for the prompt",
        "generation_seconds": "time for the new tokens",
        "warnings": "what the files of model, tokenizer and adapter say in vain, and the request too",
    ]
}

extension DialogueMessage: MembersExplained {
    package static let memberNotes = [
        "role": "system, user or assistant; function for calls as JSON, tool for results",
        "content": "a text, or a list of parts {type: text, text}; null or absent beside tool_calls",
        "tool_calls": "of an assistant, in place of its text: [{function: {name, arguments}}]",
    ]
}

extension ToolCall: MembersExplained {
    package static let memberNotes = ["arguments": "JSON text"]
}

extension LogProbabilities.Result: MembersExplained {
    package static let memberNotes = [
        "token_logprobs": "one fewer than ids; entry i is that of ids[i+1] after ids[..i]",
        "warnings": "what the files of model, tokenizer and adapter say in vain",
    ]
}

extension Score.Result: MembersExplained {
    package static let memberNotes = ["warnings": "what the files of model, tokenizer and adapter say in vain"]
}

extension JobLogs.Result: MembersExplained {
    package static let memberNotes = [
        "next_offset": "where the next call continues", "complete": "the job has ended and nothing follows",
    ]
}

extension ResidentModel: MembersExplained {
    package static let memberNotes = [
        "model": "the folder, absolute", "adapters": "folders of the adapters that were used with it",
        "weights_loaded": "false for a model used for its tokenizer alone", "worker": "the worker's process id",
        "last_used_at": "ISO 8601, UTC", "resident_bytes": "resident in the worker, mapped weights included",
    ]
}

extension SystemInfo.Result: MembersExplained {
    package static let memberNotes = [
        "api_level": "rises when a method or a member is added", "started_at": "ISO 8601, UTC",
        "vector_instructions": "avx512, avx2 or sse2", "openblas_core_type": "what workers pass as OPENBLAS_CORETYPE",
        "matrix_tiles": "whether the processor has tiles for bfloat16 (AMX), which matmul_precision uses",
        "resident_bytes": "the daemon's own", "memory_control": "how a worker's memory is bounded: cgroup or watch",
        "memory_budget_bytes": "what jobs and models may hold together",
        "memory_control_reason": "why there are no control groups",
        "jobs": "how many are in each state", "models": "how many are resident",
        "limits": "the bounds in force, see the list of limits",
    ]
}

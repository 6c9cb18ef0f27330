extension Command {
    static let export = Command(
        "export", "merge adapters into their model and write it, watch the job and end as it does",
        positionals: [.one("FILE", .file)],
        options: [
            .value("priority", "NUMBER", "jobs with a higher number start earlier"),
            .value("after", "JOB", "start when these jobs have succeeded, with commas between them", kind: .job),
            .value("token", "TEXT", "submit once only, however often this is repeated with the same text"),
            cancelOnInterrupt,
        ],
        takesOverrides: true,
        details: """
            FILE is LLaMA-Factory's export file: model_name_or_path, adapter_name_or_path (several are merged in their
            order), template, export_dir, export_size, infer_dtype. What was written is read again and its answers are
            compared with those of the model and adapters; export_dir/export_report.json says how, with the perplexity
            on the beginning of eval_dataset where one is given. A job that was
            killed goes on behind the last file that is whole. `tunectl push FILE` uploads to export_hub_model_id.
            """
    ) { invocation, context in try runJob(invocation, context, kind: "export") }
}

package import Foundation

extension DaemonFixture {
    /// A daemon whose workers train nothing and take a millisecond for a step: for tests of the queue.
    package static func scripted(
        limits: [String: Int] = [:], environment: [String: String] = [:], folder: URL = DaemonFixture.newFolder(),
        readsLog: Bool = true, state: ((String) throws -> Void)? = nil
    ) throws -> DaemonFixture {
        try DaemonFixture(
            environment: environment.merging(["FINETUNED_WORKER": scriptedWorker]) { $1 },
            limits: limits.map { "\($0.key): \($0.value)" }, folder: folder, readsLog: readsLog, beforeStart: state)
    }

    /// It lies beside the program that runs the tests.
    package static var scriptedWorker: String {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: program).deletingLastPathComponent().appendingPathComponent("scripted-worker").path
    }

    package func connection() throws -> ServiceConnection { try ServiceConnection(socket) }

    /// Submits a scripted run and returns its id.
    package func submit(
        _ connection: ServiceConnection, _ output: String, model: String = "quick", steps: Int = 10,
        _ more: ServiceConnection.Object = [:]
    ) throws -> String {
        let job = try connection.call("job.submit", submission(output, model: model, steps: steps, more))
        return job["id"] as? String ?? "?"
    }

    /// The parameters of `job.submit` for a scripted run.
    package func submission(
        _ output: String, model: String = "quick", steps: Int = 10, _ more: ServiceConnection.Object = [:]
    ) -> ServiceConnection.Object {
        let config: ServiceConnection.Object = [
            "object": [
                "model_name_or_path": model, "stage": "sft", "do_train": true, "finetuning_type": "lora",
                "dataset": "none", "template": "xverse", "output_dir": output, "max_steps": steps,
            ] as ServiceConnection.Object
        ]
        return ["config": config, "working_directory": folder.path].merging(more) { $1 }
    }
}

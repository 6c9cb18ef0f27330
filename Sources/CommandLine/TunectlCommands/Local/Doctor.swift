import JSONDocuments
import ServiceAPI
import TerminalOutput

extension Command {
    static let doctor = Command(
        "doctor", "examine the installation and say what is wrong",
        details: "Exit code 0 when nothing is wrong, 69 when the daemon cannot be reached, otherwise 70."
    ) { _, context in
        let findings: [Finding]
        var code = ExitCode.success
        do {
            findings = Finding.all(of: try context.client().call(SystemInfo.self, Nothing()))
            if findings.contains(where: { $0.verdict == .bad }) { code = .internalError }
        } catch let failure as CommandFailure where failure.kind != "interrupted" {
            findings = [
                Finding("daemon", .bad, failure.message + (failure.hint.map { " (\($0))" } ?? "")),
                Finding("client", .good, "tunectl \(clientVersion)"),
            ]
            code = failure.exitCode
        }
        context.list(findings)
        return code
    }
}

/// One thing that `doctor` looked at.
struct Finding: Listable, JSONRow {
    enum Verdict: String {
        case good = "ok"
        case unsure = "warn"
        case bad = "fail"
    }

    static let headings = ["CHECK", "RESULT", "DETAIL"]
    let name: String
    let verdict: Verdict
    let detail: String

    init(_ name: String, _ verdict: Verdict, _ detail: String) {
        self.name = name
        self.verdict = verdict
        self.detail = detail
    }

    var cells: [String] { [name, verdict.rawValue, detail] }
    var quietName: String { "\(name): \(verdict.rawValue)" }
    var value: JSONValue { ["check": .string(name), "result": .string(verdict.rawValue), "detail": .string(detail)] }
    var json: String { value.serialized(.compact) }

    /// Findings from the service's own description of itself.
    static func all(of info: JSONValue) -> [Finding] {
        let version = info["version"]?.string ?? "unknown"
        var findings = [
            Finding("daemon", .good, "version \(version)" + (info["process"]?.integer.map { ", process \($0)" } ?? "")),
            version == Command.clientVersion
                ? Finding("versions", .good, "client and daemon are both \(version)")
                : Finding("versions", .unsure, "the client is \(Command.clientVersion), the daemon \(version)"),
        ]
        findings += processor(info) + storage(info) + settings(info)
        return findings
    }

    private static func settings(_ info: JSONValue) -> [Finding] {
        guard let settings = info["settings"]?.object else { return [] }
        let files = (info["settings_files"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        let values = settings.map { "\($0.key)=\($0.value.string ?? "?")" }.sorted().joined(separator: " ")
        return [Finding("settings", .good, "\(files.isEmpty ? "defaults" : files): \(values)")]
    }

    private static func processor(_ info: JSONValue) -> [Finding] {
        let kernels = info["vector_instructions"]?.string ?? "unknown"
        let isFast = kernels.hasPrefix("avx")
        let tiles = info["matrix_tiles"]?.bool == true ? " with AMX tiles" : ""
        let cores = info["cores"]?.integer.map { ", \($0) cores" } ?? ""
        return [
            Finding(
                "kernels", isFast ? .good : .unsure,
                kernels + tiles + cores + (isFast ? "" : "; training is slow without AVX2 or AVX-512")),
            info["openblas_core_type"]?.string.map { Finding("openblas", .good, "core type \($0)") }
                ?? Finding("openblas", .unsure, "no core type was chosen for this processor; OpenBLAS decides alone"),
        ]
    }

    private static func storage(_ info: JSONValue) -> [Finding] {
        var findings: [Finding] = []
        if let bytes = info["memory_bytes"]?.integer {
            let isLittle = bytes < 2 << 30
            findings.append(
                Finding(
                    "memory", isLittle ? .unsure : .good,
                    ReadableNumbers.bytes(bytes)
                        + (info["memory_budget_bytes"]?.integer.map {
                            ", jobs and models may hold \(ReadableNumbers.bytes($0))"
                        } ?? "") + (isLittle ? "; little for a language model" : "")))
        }
        if let control = info["memory_control"]?.string {
            let how = control == "cgroup" ? "a control group for each job" : "the daemon watches its workers"
            let reason = info["memory_control_reason"]?.string.map { "; no control groups: \($0)" } ?? ""
            findings.append(Finding("memory control", .good, how + reason))
        }
        if let directory = info["state_dir"]?.string {
            findings.append(Finding("state", .good, directory))
        }
        if let failed = info["jobs"]?["failed"]?.integer, failed > 0 {
            findings.append(Finding("jobs", .unsure, "\(failed) failed; see tunectl jobs --state failed"))
        }
        return findings
    }
}

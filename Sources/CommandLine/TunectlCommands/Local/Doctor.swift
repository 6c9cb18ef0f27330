import JSONDocuments
import TerminalOutput

extension Command {
    static let doctor = Command(
        "doctor", "examine the installation and say what is wrong",
        details: "Exit code 0 when nothing is wrong, 69 when the daemon cannot be reached, otherwise 70."
    ) { _, context in
        let findings: [Finding]
        var code = ExitCode.success
        do {
            findings = Finding.all(of: try context.client().call("system.info", context.request([])))
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
            Finding("daemon", .good, "version \(version)" + (info["pid"]?.integer.map { ", pid \($0)" } ?? "")),
            version == Command.clientVersion
                ? Finding("versions", .good, "client and daemon are both \(version)")
                : Finding("versions", .unsure, "the client is \(Command.clientVersion), the daemon \(version)"),
        ]
        findings += processor(info) + storage(info)
        return findings
    }

    private static func processor(_ info: JSONValue) -> [Finding] {
        var findings: [Finding] = []
        let cpu = info["cpu"] ?? info
        if let features = (cpu["isa"] ?? cpu["features"] ?? cpu["cpu_isa"]) {
            let text = features.string ?? (features.array ?? []).compactMap(\.string).joined(separator: " ")
            let isFast = text.lowercased().contains("avx")
            findings.append(
                Finding("processor", isFast ? .good : .unsure, text + (isFast ? "" : "; without AVX2 training is slow"))
            )
        }
        if let kernels = (cpu["kernels"] ?? info["kernels"])?.string {
            findings.append(Finding("kernels", .good, kernels))
        }
        if let core = (cpu["openblas_coretype"] ?? cpu["core_type"] ?? info["openblas_core_type"]) {
            findings.append(
                core.string.map { Finding("openblas", .good, "core type \($0)") }
                    ?? Finding("openblas", .unsure, "no core type was chosen; OpenBLAS decides alone"))
        }
        return findings
    }

    private static func storage(_ info: JSONValue) -> [Finding] {
        var findings: [Finding] = []
        let memory = info["memory"]
        if let available = (memory?["available_bytes"] ?? info["memory_available_bytes"])?.integer {
            let isLittle = available < 2 << 30
            findings.append(
                Finding("memory", isLittle ? .unsure : .good, ReadableNumbers.bytes(available) + " available"))
        }
        if let control = (memory?["control"] ?? info["memory_control"])?.string {
            findings.append(Finding("memory control", .good, control))
        }
        if let directory = (info["state_dir"] ?? info["state_directory"])?.string {
            let isWritable = (info["state_dir_writable"] ?? info["state_directory_writable"])?.bool ?? true
            findings.append(
                Finding("state", isWritable ? .good : .bad, directory + (isWritable ? "" : " cannot be written")))
        }
        if let worker = info["worker"]?.string { findings.append(Finding("worker", .good, worker)) }
        return findings
    }
}

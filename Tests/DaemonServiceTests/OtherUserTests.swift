import Foundation
import JSONDocuments
import ProtocolTestSupport
import ServiceAPI
import ServiceTestSupport
import Testing

/// A daemon that serves two users: what the second may do with the first one's job.
@Suite(.timeLimit(.minutes(2))) struct OtherUserTests {
    /// Changing the user takes root and util-linux.
    static let canChangeUser = getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

    @Test(.enabled(if: canChangeUser, "needs root and setpriv"))
    func aStrangerSeesTheStateAndNothingElse() throws {
        let daemon = try DaemonFixture()
        // The test's folder and socket are root's; strangers need a way in.
        chmod(daemon.folder.path, 0o755)
        chmod(daemon.socket, 0o666)
        let client = try LineClient(path: daemon.socket)
        let submitted = try client.call(
            "job.submit",
            [
                "config": ["text": .string(SmallRun.yaml(steps: 100_000)), "name": "secret.yaml"],
                "overrides": [.string("output_dir=" + daemon.path("secret-out"))], "working_directory": "/root/secret",
            ])
        let job = try #require(submitted?["result"]?["id"]?.string)
        let named = JSONValue.object(["job": .string(job)])
        let program = try client.call("rpc.discover")?["result"]?["methods"]?.array ?? []
        for method in program {
            let name = try #require(method["name"]?.string)
            let parameters = method["params"]?.array ?? []
            guard parameters.contains(where: { $0["name"] == "job" }) || method["x-access"] != "everyone" else {
                continue
            }
            let samples = SchemaSamples(document: try client.call("rpc.discover")?["result"] ?? [:])
            var object = JSONObject()
            for parameter in parameters where parameter["required"]?.bool == true {
                object[parameter["name"]?.string ?? ""] = samples.sample(parameter["schema"] ?? [:], complete: true)
            }
            if parameters.contains(where: { $0["name"] == "job" }) { object["job"] = .string(job) }
            let answer = try asStranger(name, .object(object), daemon)
            if name == "job.get" {
                #expect(answer["result"]?["state"] != nil)
                #expect(!answer.serialized().contains("secret"))
            } else {
                #expect(answer["error"]?["data"]?["kind"] == "permission", "\(name): \(answer)")
                #expect(answer["error"]?["status"] == 77)
            }
        }
        let list = try asStranger("job.list", [:], daemon)
        #expect(list["result"]?["jobs"]?[0]?["id"] == .string(job))
        #expect(!list.serialized().contains("secret"))
        // Saying that one is somebody else does not help.
        #expect(
            try asStranger("job.cancel", ["job": .string(job), "user": 0], daemon)["error"]?["data"]?["kind"]
                == "bad_request")
        #expect(try client.call("job.get", named)?["result"]?["name"] == "secret.yaml")
        #expect(try client.call("job.cancel", named)?["result"] != nil)
    }

    /// Root reads everything; for others it reads what they could read themselves.
    @Test(.enabled(if: canChangeUser, "needs root and setpriv"))
    func rootReadsForAStrangerWhatTheStrangerMayRead() throws {
        let daemon = try DaemonFixture()
        chmod(daemon.folder.path, 0o755)
        chmod(daemon.socket, 0o666)
        let base = Checkout.root.path + "/examples/valley/base"
        for (name, mode) in [("open", 0o755), ("closed", 0o700)] {
            let folder = daemon.path(name)
            try FileManager.default.copyItem(
                atPath: Checkout.root.path + "/examples/valley/data", toPath: folder)
            try FileManager.default.copyItem(atPath: base, toPath: folder + "/base")
            _ = try run(URL(fileURLWithPath: "/bin/chmod"), ["-R", "a+rX", folder])
            chmod(folder, mode_t(mode))
            let text = SmallRun.yaml(steps: 2)
                .replacing(base, with: folder + "/base")
                .replacing(Checkout.root.path + "/examples/valley/data", with: folder)
            let answer = try asStranger("config.plan", ["config": ["text": .string(text)]], daemon)
            if name == "open" {
                #expect(answer["result"]?["peak_anonymous_bytes"] != nil, "\(answer)")
            } else {
                #expect(answer["error"]?["data"]?["kind"] == "permission", "\(answer)")
            }
        }
    }

    @Test(.enabled(if: canChangeUser, "needs root and setpriv"))
    func aHomeIsThatOfTheCaller() throws {
        let daemon = try DaemonFixture()
        chmod(daemon.folder.path, 0o755)
        chmod(daemon.socket, 0o666)
        let home = try #require(unsafe getpwuid(65534).map { unsafe String(cString: $0.pointee.pw_dir) })
        let text = SmallRun.yaml(steps: 2).replacing(Checkout.root.path + "/examples/valley/base", with: "~/no-base")
        let answer = try asStranger("config.plan", ["config": ["text": .string(text)]], daemon)
        #expect(answer["error"]?["data"]?["message"]?.string?.contains(home + "/no-base") == true, "\(answer)")
        let output = try asStranger(
            "job.submit", ["config": ["text": .string(SmallRun.yaml(extra: ["output_dir: ~/out"]))]], daemon)
        #expect(output["error"]?["data"]?["message"]?.string?.contains(home) == true, "\(output)")
    }

    /// One request as the user 65534, who owns nothing here.
    private func asStranger(_ method: String, _ parameters: JSONValue, _ daemon: DaemonFixture) throws -> JSONValue {
        let finished = try run(
            URL(fileURLWithPath: "/usr/bin/setpriv"),
            [
                "--reuid", "65534", "--regid", "65534", "--clear-groups", daemon.copyForOthers("tunectl"), "rpc",
                method,
                parameters.serialized(), "--json",
            ],
            environment: ["FINETUNED_SOCKET": daemon.socket, "HOME": "/"], directory: URL(fileURLWithPath: "/"),
            seconds: 30)
        // With --json a failure is {"error": {"kind", ...}} where a result would be.
        let value = try JSONValue(parsing: finished.output.isEmpty ? finished.errors : finished.output)
        if let error = value["error"], finished.status != 0 {
            return ["error": ["data": error, "status": .integer(Int64(finished.status))]]
        }
        return ["result": value]
    }
}

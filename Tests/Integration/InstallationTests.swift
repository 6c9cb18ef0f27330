import Foundation
import ServiceTestSupport
import Testing

/// `make install` and `make deb`, and what is installed running without a Swift toolchain.
@Suite(.serialized, .timeLimit(.minutes(5))) struct InstallationTests {
    private static func shell(_ command: String, environment: [String: String] = [:], seconds: Double = 120) throws
        -> Finished
    {
        try run(URL(fileURLWithPath: "/bin/bash"), ["-c", command], environment: environment, seconds: seconds)
    }

    private static func scratch() throws -> URL {
        let folder = URL(fileURLWithPath: "/tmp/ft-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test func theManualPagesAreCleanAndTheUnitsNameTheInstalledPrograms() throws {
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let installed = try Self.shell(
            "scripts/install", environment: ["DESTDIR": folder.path, "PREFIX": "/opt/finetuned"])
        #expect(installed.status == 0, "\(installed.errors)")
        let root = folder.path + "/opt/finetuned"
        for unit in ["system", "user"] {
            let text = try String(contentsOfFile: "\(root)/lib/systemd/\(unit)/finetuned.service", encoding: .utf8)
            #expect(text.contains("ExecStart=/opt/finetuned/bin/finetuned "))
        }
        for page in ["man1/tunectl.1", "man5/finetuned.yaml.5", "man7/finetuned-rpc.7", "man8/finetuned.8"] {
            let text = try String(contentsOfFile: "\(root)/share/man/\(page)", encoding: .utf8)
            #expect(text.contains(".SH NAME\n") && text.count > 1500, "\(page)")
            guard FileManager.default.isExecutableFile(atPath: "/usr/bin/groff") else {
                print("theManualPagesAreClean: groff's warnings are left out, it is not installed")
                continue
            }
            let checked = try Self.shell("groff -man -Tutf8 -ww -z '\(root)/share/man/\(page)'")
            #expect(checked.status == 0 && checked.errors.isEmpty, "\(page): \(checked.errors)")
        }
        let example = try run(
            Checkout.program("finetuned"),
            ["--check-config", "--config", folder.path + "/etc/finetuned/finetuned.yaml"])
        #expect(example.status == 0, "\(example.errors)")
        // What somebody has changed is kept.
        let settings = folder.path + "/etc/finetuned/finetuned.yaml"
        try Data("log: {level: debug}\n".utf8).write(to: URL(fileURLWithPath: settings))
        _ = try Self.shell("scripts/install", environment: ["DESTDIR": folder.path, "PREFIX": "/opt/finetuned"])
        #expect(try String(contentsOfFile: settings, encoding: .utf8) == "log: {level: debug}\n")
    }

    @Test func theManualsNameEverySettingCommandAndMethod() throws {
        let settings = try run(Checkout.program("finetuned"), ["--manual", "finetuned.yaml"])
        let client = try run(Checkout.program("tunectl"), ["help", "--manual", "tunectl"])
        let commands = try run(Checkout.program("tunectl"), ["help", "--json"])
        let names = try JSONSerialization.jsonObject(with: Data(commands.output.utf8)) as? [[String: Any]] ?? []
        #expect(names.count > 15)
        for name in names.compactMap({ $0["name"] as? String }) {
            #expect(client.output.contains(".SS \"tunectl \(name.replacing("-", with: "\\-"))"), "\(name)")
        }
        #expect(settings.output.contains("connections_per_user") && settings.output.contains("Default: 256."))
        #expect(try run(Checkout.program("tunectl"), ["help", "--manual", "nothing"]).status == 2)
        #expect(try run(Checkout.program("finetuned"), ["--manual", "nothing"]).status == 2)
    }

    @Test func theDebianPackageRunsWithoutTheToolchain() throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg-deb") else {
            print("theDebianPackageRunsWithoutTheToolchain: left out, dpkg-deb is not installed")
            return
        }
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try Self.shell("scripts/make-deb '\(folder.path)'", environment: ["DEB_COMPRESS": "none"])
        #expect(made.status == 0, "\(made.errors)")
        let package = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let depends = try Self.shell("dpkg-deb -f '\(package)' Depends")
        #expect(depends.output.contains("libsqlite3-0") && depends.output.contains("libopenblas0-pthread"))
        #expect(!depends.output.contains("swift") && !depends.output.contains("@"))
        let conffiles = try Self.shell("dpkg-deb --ctrl-tarfile '\(package)' | tar -xO ./conffiles")
        #expect(conffiles.output == "/etc/finetuned/finetuned.yaml\n")

        let root = folder.path + "/root"
        let unpacked = try Self.shell("dpkg-deb -x '\(package)' '\(root)' && ls '\(root)/usr/bin'")
        #expect(unpacked.output == "finetuned\nfinetuned-fetch\nfinetuned-worker\ntunectl\n", "\(unpacked.errors)")
        let recipe = try SmallRun.write(to: folder, steps: 3, extra: ["output_dir: \(folder.path)/out"])
        // Nothing of this process' environment: no PATH or LD_LIBRARY_PATH that leads to a toolchain.
        let run = try Self.shell(
            """
            cd '\(folder.path)'
            env -i PATH='\(root)/usr/bin:/usr/bin:/bin' HOME='\(folder.path)' bash -c '
                finetuned --socket ./s --state-dir ./state 2> daemon.log & daemon=$!
                export FINETUNED_SOCKET=./s
                tunectl run "\(recipe)" > run.log 2>&1; status=$?
                kill $daemon; wait $daemon; echo "job $status daemon $?"'
            """)
        let log = (try? String(contentsOfFile: folder.path + "/run.log", encoding: .utf8)) ?? ""
        #expect(run.output == "job 0 daemon 0\n", "\(run.errors) \(log)")
        #expect(FileManager.default.fileExists(atPath: folder.path + "/out/adapter_model.safetensors"))
    }

    @Test func theMaintainerScriptsInstallIntoAnotherTree() throws {
        guard getuid() == 0, FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-sysusers"),
            FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg-deb")
        else {
            print("theMaintainerScriptsInstallIntoAnotherTree: left out, it needs root, dpkg and systemd-sysusers")
            return
        }
        let folder = try Self.scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try Self.shell("scripts/make-deb '\(folder.path)'", environment: ["DEB_COMPRESS": "none"])
        let package = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let root = folder.path + "/root"
        let dpkg = """
            dpkg --instdir='\(root)' --admindir='\(root)/var/lib/dpkg' --force-script-chrootless --force-depends
            """.trimmingCharacters(in: .newlines)
        let installed = try Self.shell(
            """
            mkdir -p '\(root)'/var/lib/dpkg/{info,updates} '\(root)/etc'; touch '\(root)/var/lib/dpkg/status'
            \(dpkg) -i '\(package)'
            """)
        #expect(installed.status == 0, "\(installed.output) \(installed.errors)")
        let users = try String(contentsOfFile: root + "/etc/passwd", encoding: .utf8)
        let groups = try String(contentsOfFile: root + "/etc/group", encoding: .utf8)
        #expect(users.contains("finetuned:") && users.contains(":/var/lib/finetuned:"))
        #expect(groups.contains("finetuned-admin:"))
        var status = stat()
        #expect(stat(root + "/var/lib/finetuned", &status) == 0 && status.st_mode & 0o777 == 0o750)
        let purged = try Self.shell("\(dpkg) --purge finetuned")
        #expect(purged.status == 0, "\(purged.output) \(purged.errors)")
        #expect(!FileManager.default.fileExists(atPath: root + "/usr/bin/finetuned"))
        #expect(!FileManager.default.fileExists(atPath: root + "/var/lib/finetuned"))
    }
}

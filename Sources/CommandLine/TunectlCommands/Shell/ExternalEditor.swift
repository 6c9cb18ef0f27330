import Glibc

/// Lets a person change a text in `$VISUAL`, `$EDITOR` or `vi`.
enum ExternalEditor {
    static func edit(_ text: String, environment: [String: String]) throws -> String {
        let folder = environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        var template = Array((folder + "/tunectl-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else {
            throw CommandFailure(
                kind: "permission", message: "no file for the editor can be made in \(folder)", exitCode: .cannotCreate)
        }
        defer { unlink(path) }
        let bytes = Array((text + "\n").utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        guard isWritten else {
            throw CommandFailure(kind: "disk_full", message: "\(path) cannot be written", exitCode: .cannotCreate)
        }
        let command = [environment["VISUAL"], environment["EDITOR"]].compactMap(\.self).first { !$0.isEmpty } ?? "vi"
        try run(command.split(separator: " ").map(String.init) + [path])
        var edited = try InputFile.text(path)
        while edited.last?.isNewline == true { edited.removeLast() }
        return edited
    }

    /// Runs a program on this terminal and waits for its end; Ctrl-C is the program's meanwhile.
    private static func run(_ command: [String]) throws {
        guard let program = command.first else { return }
        let arguments = command.map { strdup($0) } + [nil]
        let environment = try environmentStrings().map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, nil, nil, arguments, environment)
        guard code == 0 else {
            throw CommandFailure.usage(
                "the editor `\(program)` does not start: \(strerror(code).map { String(cString: $0) } ?? "error \(code)")",
                hint: "name one in VISUAL or EDITOR")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { return }
        }
        guard status == 0 else { throw CommandFailure.usage("the editor `\(program)` ended without success") }
    }

    /// This process's own environment, as `KEY=VALUE`; libc's global is not safe to touch from Swift.
    private static func environmentStrings() throws -> [String] {
        let bytes = try InputFile.bytes(of: "/proc/self/environ")
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

import Glibc
import JSONDocuments
import LinuxSystem
import ServiceAPI

/// The regular files of a run that the service may not read, opened by this user.
final class InputFiles {
    private(set) var paths: [String] = []
    /// As a request's `files`.
    var files: [String]? { paths.isEmpty ? nil : paths }
    private(set) var descriptors: [Int32] = []
    /// As many as one message carries.
    private static let most = 60

    /// Asks the service what it needs, opens it, and asks again until nothing new comes.
    ///
    /// - Parameters:
    ///   - input: the JSON Lines file of a generate job
    ///   - weights: whether the run's weights are read too
    init(
        of config: ConfigurationSource, overrides: [String], input: String? = nil, weights: Bool = true,
        context: CommandContext
    ) throws {
        let client = try context.client()
        if !client.mayBeOfAnotherUser { return }
        while true {
            let answer = try client.call(
                ConfigFiles.self,
                ConfigFiles.Parameters(
                    config: config, overrides: overrides, workingDirectory: context.workingDirectory, files: paths,
                    input: input),
                passing: descriptors)
            let known = paths.count
            let service = answer["service"]?.string ?? "the service's user"
            for file in answer["needed"]?.array ?? [] {
                guard let path = file["path"]?.string, !paths.contains(path) else { continue }
                if !weights, path.hasSuffix(".safetensors") || path.hasSuffix(".gguf") { continue }
                try open(path, isOptional: file["optional"]?.bool ?? false, service)
            }
            if paths.count == known { return }
        }
    }

    deinit { for number in descriptors { close(number) } }

    private func open(_ path: String, isOptional: Bool, _ service: String) throws {
        let number = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let code = errno
        if number < 0, isOptional, code == ENOENT || code == ENOTDIR { return }
        var status = stat()
        guard number >= 0, fstat(number, &status) == 0 else {
            throw CommandFailure(
                kind: code == EACCES ? "permission" : "not_found",
                message: "\(path) can be read neither by \(service) nor by you: \(SystemError("open", code: code))")
        }
        guard status.st_mode & S_IFMT == S_IFREG, paths.count < Self.most else {
            close(number)
            let reason =
                paths.count < Self.most
                ? "is not a regular file, and only those can be passed on"
                : "is one file more than the \(Self.most) that can be passed on"
            throw CommandFailure(
                kind: "permission", message: "\(path) cannot be read by \(service), and it \(reason)",
                hint:
                    "either make it readable for that user (setfacl -m u:finetuned:rX, also on the folders above), or "
                    + "run the service as yourself: systemctl --user start finetuned")
        }
        paths.append(path)
        descriptors.append(number)
    }
}

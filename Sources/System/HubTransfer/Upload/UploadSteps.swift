import JSONDocuments
import LinuxSystem

/// How a large file reaches a hub's storage: in one or more parts, and what is told to the hub then.
struct UploadSteps: Sendable {
    struct Part: Sendable {
        let address: String
        var headers: [(name: String, value: String)] = []
        let range: Range<Int>
    }

    /// What is told the hub after the last part.
    struct Message: Sendable {
        let address: String
        var headers: [(name: String, value: String)] = []
        let body: JSONValue
    }

    /// A part of the file, or that the storage has it already and its tag.
    enum Piece: Sendable {
        case missing(Part)
        case there(tag: String)
    }

    let pieces: [Piece]
    /// Made from the tags of the pieces, in their order.
    var messages: @Sendable (_ tags: [String]) -> [Message] = { _ in [] }

    /// Parts of equal size, but for the last.
    static func ranges(of size: Int, partSize: Int) -> [Range<Int>] {
        stride(from: 0, to: size, by: max(partSize, 1)).map { $0..<min($0 + partSize, size) }
    }

    /// Headers that a hub asks for; names of parts and sizes that stand between them are none.
    static func headers(_ value: JSONValue?) -> [(name: String, value: String)] {
        (value?.object ?? [:]).compactMap { entry in entry.value.string.map { (entry.key, $0) } }
    }
}

extension HubClient {
    /// Puts a file where the hub said, part by part; a part that fails is sent again.
    func upload(_ file: LocalFile, _ steps: UploadSteps, subject: HubSubject, progress: TransferProgress) throws {
        var tags: [String] = []
        for piece in steps.pieces {
            switch piece {
            case .there(let tag): tags.append(tag)
            case .missing(let part): tags.append(try upload(part, of: file, subject, progress))
            }
        }
        try file.checkThatUnchanged()
        for message in steps.messages(tags) {
            var request = request(.post, address: message.address)
            request.headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
            request.headers.removeAll { old in
                message.headers.contains { $0.name.lowercased() == old.name.lowercased() }
            }
            request.headers += message.headers
            request.body = .bytes(message.body.serializedBytes(.compact))
            let response = try send(request)
            guard response.isSuccess else { throw refusal(response, subject) }
        }
    }

    private func upload(
        _ part: UploadSteps.Part, of file: LocalFile, _ subject: HubSubject, _ progress: TransferProgress
    ) throws -> String {
        var request = request(.put, address: part.address)
        // The address itself says who may write there; ModelScope's asks for the token as well.
        if access.hub != .modelScope { request.credentials = nil }
        request.headers = part.headers
        request.body = .file(path: file.place, range: part.range)
        var sent = 0
        let response = try send(
            request,
            before: { _ in
                // An attempt that failed counts for nothing.
                let failed = sent
                sent = 0
                progress.update { $0.bytesDone -= failed }
            },
            onSent: { count in
                sent += count
                progress.update {
                    $0.bytesDone += count
                    $0.bytesTransferred += count
                }
            })
        guard response.isSuccess else {
            if response.status == 403, access.credentials?.mayGo(to: part.address) != true {
                throw HubError(
                    .network, "\(access.hub.title)'s storage does not take \(file.path) any more (status 403)",
                    hint: "the address it gave has expired; run the command again, which goes on from here")
            }
            throw refusal(response, subject)
        }
        return (response.header("etag") ?? "").filter { $0 != "\"" }
    }
}

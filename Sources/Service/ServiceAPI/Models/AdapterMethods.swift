/// An adapter in the memory of its base model's worker.
package struct ResidentAdapter: Codable, Equatable, Sendable {
    /// The adapter's folder, absolute.
    package var adapter: String
    /// The base's folder, absolute.
    package var model: String
    package var rank: Int
    /// Linear layers that it changes.
    package var modules: Int
    package var bytes: Int

    package init(adapter: String, model: String, rank: Int, modules: Int, bytes: Int) {
        self.adapter = adapter
        self.model = model
        self.rank = rank
        self.modules = modules
        self.bytes = bytes
    }
}

package enum AdapterLoad: ServiceMethod {
    package static let name = "adapter.load"
    package static let summary = "Loads an adapter beside its base, which is loaded when it is not resident."
    package static let parameters = [
        .model,
        MethodParameter("adapter", "string", required: true, "the adapter's folder, or job:ID"), workingDirectory,
        .keepAlive,
    ]
    package typealias Result = ResidentAdapter
    package static var errors: [ErrorKind] { modelErrors }

    package struct Parameters: Codable, Sendable {
        package var model: String
        package var adapter: String
        package var workingDirectory: String?
        package var keepAlive: String?

        package init(
            model: String, adapter: String, workingDirectory: String? = nil, keepAlive: String? = nil
        ) {
            self.model = model
            self.adapter = adapter
            self.workingDirectory = workingDirectory
            self.keepAlive = keepAlive
        }

        enum CodingKeys: String, CodingKey {
            case model, adapter
            case workingDirectory = "working_directory"
            case keepAlive = "keep_alive"
        }
    }
}

package enum AdapterUnload: ServiceMethod {
    package static let name = "adapter.unload"
    package static let summary = "Takes an adapter out of memory; its base and other adapters stay."
    package static let parameters = [
        .model, MethodParameter("adapter", "string", required: true, "the adapter's folder"), workingDirectory,
    ]
    package static var errors: [ErrorKind] { modelErrors }

    package struct Parameters: Codable, Sendable {
        package var model: String
        package var adapter: String
        package var workingDirectory: String?

        package init(model: String, adapter: String, workingDirectory: String? = nil) {
            self.model = model
            self.adapter = adapter
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model, adapter
            case workingDirectory = "working_directory"
        }
    }

    package typealias Result = ResidentAdapter
}

package enum AdapterList: ServiceMethod {
    package static let name = "adapter.list"
    package static let summary = "The adapters in memory that the caller has used; an administrator sees all."
    package static let parameters = [
        MethodParameter("model", "string", "only those of this base"), workingDirectory,
    ]
    package static var errors: [ErrorKind] { [.notFound, .permission] }

    package struct Parameters: Codable, Sendable {
        package var model: String?
        package var workingDirectory: String?

        package init(model: String? = nil, workingDirectory: String? = nil) {
            self.model = model
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model
            case workingDirectory = "working_directory"
        }
    }

    package struct Result: Codable, Sendable {
        package var adapters: [ResidentAdapter]

        package init(adapters: [ResidentAdapter]) { self.adapters = adapters }
    }
}

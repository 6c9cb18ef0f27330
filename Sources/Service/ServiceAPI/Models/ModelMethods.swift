package enum ModelLoad: ServiceMethod {
    package static let name = "model.load"
    package static let summary = "Loads a model's weights and keeps them resident."
    package static let parameters = [
        .model, MethodParameter("adapter", "string", "an adapter to load with it, or job:ID"), modelSettings,
        workingDirectory,
        .keepAlive,
    ]

    package static var errors: [ErrorKind] { modelErrors }

    package struct Parameters: Codable, Sendable {
        package var model: String
        package var adapter: String?
        /// How the model is read: `quantization_bit=`, `rope_scaling=` and others.
        package var overrides: [String]?
        package var workingDirectory: String?
        package var keepAlive: String?

        package init(
            model: String, adapter: String? = nil, overrides: [String]? = nil, workingDirectory: String? = nil,
            keepAlive: String? = nil
        ) {
            self.model = model
            self.adapter = adapter
            self.overrides = overrides
            self.workingDirectory = workingDirectory
            self.keepAlive = keepAlive
        }

        enum CodingKeys: String, CodingKey {
            case model, adapter, overrides
            case workingDirectory = "working_directory"
            case keepAlive = "keep_alive"
        }
    }

    package typealias Result = ResidentModel
}

package enum ModelUnload: ServiceMethod {
    package static let name = "model.unload"
    package static let summary = "Ends the worker that holds a model; requests that it is answering fail."
    package static let parameters = [.model, workingDirectory]

    package static let errors: [ErrorKind] = [.notAvailable, .notFound, .permission]

    package struct Parameters: Codable, Sendable {
        package var model: String
        package var workingDirectory: String?

        package init(model: String, workingDirectory: String? = nil) {
            self.model = model
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model
            case workingDirectory = "working_directory"
        }
    }

    package typealias Result = ResidentModel
}

package enum ModelList: ServiceMethod {
    package static let name = "model.list"
    package static let summary = "The resident models; of those that only others have used, not what they are."
    package static let parameters: [MethodParameter] = []
    package typealias Parameters = Nothing

    package struct Result: Codable, Sendable {
        package var models: [ResidentModel]

        package init(models: [ResidentModel]) { self.models = models }
    }
}

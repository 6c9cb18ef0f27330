package enum ModelLoad: ServiceMethod {
    package static let name = "model.load"
    package static let summary = "Loads a model's weights and keeps them resident."
    package static let parameters = [
        MethodParameter("model", "string", required: true, "the model's folder"),
        MethodParameter("adapter", "string", "an adapter's folder to load with it"), workingDirectory,
    ]

    package struct Parameters: Codable, Sendable {
        package var model: String
        package var adapter: String?
        package var workingDirectory: String?

        package init(model: String, adapter: String? = nil, workingDirectory: String? = nil) {
            self.model = model
            self.adapter = adapter
            self.workingDirectory = workingDirectory
        }

        enum CodingKeys: String, CodingKey {
            case model, adapter
            case workingDirectory = "working_directory"
        }
    }

    package typealias Result = ResidentModel
}

package enum ModelUnload: ServiceMethod {
    package static let name = "model.unload"
    package static let summary = "Ends the worker that holds a model."
    package static let parameters = [
        MethodParameter("model", "string", required: true, "the model's folder"), workingDirectory,
    ]

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
    package static let summary = "The resident models."
    package static let parameters: [MethodParameter] = []
    package typealias Parameters = Nothing

    package struct Result: Codable, Sendable {
        package var models: [ResidentModel]

        package init(models: [ResidentModel]) { self.models = models }
    }
}

package import JSONDocuments

/// A run configuration as a client gives it: the text of a YAML file with its name, or an object.
package struct ConfigurationSource: Codable, Equatable, Sendable {
    package var text: String?
    package var name: String?
    package var object: JSONObject?

    package init(text: String, name: String) {
        self.text = text
        self.name = name
    }

    package init(object: JSONObject) { self.object = object }
}

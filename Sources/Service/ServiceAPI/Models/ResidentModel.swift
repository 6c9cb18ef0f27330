/// A model that a worker holds.
package struct ResidentModel: Codable, Equatable, Sendable {
    /// The model's folder, absolute.
    package var model: String
    /// Folders of the adapters that have been used with it.
    package var adapters: [String]
    /// Whether the weights are in memory; a model used for its tokenizer alone has none.
    package var weightsLoaded: Bool
    package var worker: Int32
    package var requestsInFlight: Int
    /// ISO 8601, UTC.
    package var lastUsedAt: String
    /// Bytes resident in the worker, mapped weights included.
    package var residentBytes: Int?

    package init(
        model: String, adapters: [String], weightsLoaded: Bool, worker: Int32, requestsInFlight: Int,
        lastUsedAt: String, residentBytes: Int?
    ) {
        self.model = model
        self.adapters = adapters
        self.weightsLoaded = weightsLoaded
        self.worker = worker
        self.requestsInFlight = requestsInFlight
        self.lastUsedAt = lastUsedAt
        self.residentBytes = residentBytes
    }

    enum CodingKeys: String, CodingKey {
        case model, adapters, worker
        case weightsLoaded = "weights_loaded"
        case requestsInFlight = "requests_in_flight"
        case lastUsedAt = "last_used_at"
        case residentBytes = "resident_bytes"
    }
}

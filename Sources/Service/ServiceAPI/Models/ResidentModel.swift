/// A model that a worker holds.
package struct ResidentModel: Codable, Equatable, Sendable {
    /// The model's folder, absolute; empty where the worker is another user's.
    package var model: String
    /// What requests said of how it is read, `key=value` each; absent where its files alone say it.
    package var settings: [String]?
    /// Folders of the adapters in memory, under the same condition.
    package var adapters: [String]
    /// Whether the weights are in memory; a model used for its tokenizer alone has none.
    package var weightsLoaded: Bool
    package var worker: Int32
    package var requestsInFlight: Int
    /// ISO 8601, UTC.
    package var lastUsedAt: String
    /// Bytes resident in the worker, mapped weights included.
    package var residentBytes: Int?
    /// The part of them that is the worker's own.
    package var anonymousBytes: Int?
    /// The part of them that are pages of files, which other processes may share.
    package var sharedBytes: Int?
    /// How long it stays after its last use.
    package var keepAlive: String?
    /// When it goes if nobody uses it, ISO 8601, UTC; absent when never.
    package var expiresAt: String?
    /// Of `model.load`: what its files say in vain.
    package var warnings: [String]?

    package init(
        model: String, settings: [String]? = nil, adapters: [String], weightsLoaded: Bool, worker: Int32,
        requestsInFlight: Int,
        lastUsedAt: String, residentBytes: Int?, anonymousBytes: Int? = nil, sharedBytes: Int? = nil,
        keepAlive: String? = nil, expiresAt: String? = nil
    ) {
        self.model = model
        self.settings = settings
        self.adapters = adapters
        self.weightsLoaded = weightsLoaded
        self.worker = worker
        self.requestsInFlight = requestsInFlight
        self.lastUsedAt = lastUsedAt
        self.residentBytes = residentBytes
        self.anonymousBytes = anonymousBytes
        self.sharedBytes = sharedBytes
        self.keepAlive = keepAlive
        self.expiresAt = expiresAt
    }

    enum CodingKeys: String, CodingKey {
        case model, settings, adapters, worker, warnings
        case weightsLoaded = "weights_loaded"
        case requestsInFlight = "requests_in_flight"
        case lastUsedAt = "last_used_at"
        case residentBytes = "resident_bytes"
        case anonymousBytes = "anonymous_bytes"
        case sharedBytes = "shared_bytes"
        case keepAlive = "keep_alive"
        case expiresAt = "expires_at"
    }
}

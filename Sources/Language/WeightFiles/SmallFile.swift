/// Reading files that are small by nature, such as a `config.json`.
package enum SmallFile {
    /// - Throws: `WeightFileError` when the file cannot be read or is larger than `limit` bytes.
    package static func bytes(_ path: String, limit: Int = 16 << 20) throws -> [UInt8] {
        let mapping = try FileMapping(path: path)
        guard mapping.bytes.count <= limit else {
            throw WeightFileError.tooLarge(file: path, bytes: mapping.bytes.count, limit: limit)
        }
        return Array(mapping.bytes)
    }
}

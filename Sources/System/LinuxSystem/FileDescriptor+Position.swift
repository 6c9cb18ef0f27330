import Glibc

extension FileDescriptor {
    /// Reads at most `limit` bytes from `offset` on; the descriptor's own position stays.
    package func readAll(at offset: Int, limit: Int, subject: String? = nil) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let count = try checking("pread", subject) { () -> Int in
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    guard let base = buffer.baseAddress else { return 0 }
                    return unsafe pread(number, base + filled, limit - filled, off_t(offset + filled))
                }
            }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(limit - filled)
        return bytes
    }
}

import Glibc
import JobStore
import LinuxSystem
import ServiceAPI
import StructuredLogging

extension JobTable {
    private static let sweepInterval = 3600

    /// Removes what is kept too long, now and every hour, and frees the beginning of logs that grow too large.
    func keepWithinBounds() {
        removeExpired()
        loop.every(Double(Self.sweepInterval)) { [weak self] in
            try? self?.store.age(bySeconds: Self.sweepInterval)
            self?.removeExpired()
        }
        loop.every(10) { [weak self] in
            guard let self else { return }
            for id in self.running.keys {
                GrowingLog.free(self.logPath(of: id), beyond: self.limits.workerLogBytes)
            }
        }
    }

    /// A part at a time, so that requests are answered between them.
    private func removeExpired() {
        do {
            let expired = try store.expiredJobs(limits.retention, limit: 100)
            if expired.isEmpty { return }
            let names = expired.compactMap { try? store.job($0).inputs }
            try store.remove(expired)
            names.forEach(inputs.remove)
            for id in expired { try? FileSystem.remove(folder(of: id)) }
            logger.notice("ended jobs were removed", ["count": "\(expired.count)"])
            loop.after(0.05) { [weak self] in self?.removeExpired() }
        } catch {
            logger.error("ended jobs could not be removed", ["reason": "\(error)"])
        }
    }
}

/// A worker's log, whose oldest part is given back to the file system while offsets stay what they were.
enum GrowingLog {
    /// Frees all but the newest half of `limit` when the file takes more than that; 0 is no limit.
    static func free(_ path: String, beyond limit: Int) {
        guard limit > 0, let file = try? FileDescriptor.open(path, O_RDWR), let status = try? file.status(),
            Int(status.st_blocks) * 512 > limit
        else { return }
        // Whole pages, so that no zeros are left before the text.
        file.freeBeginning((Int(status.st_size) - limit / 2) / 4096 * 4096)
    }

    /// Where what is left of the file begins, at or after `offset`.
    static func start(_ file: borrowing FileDescriptor, from offset: Int) -> Int {
        // SEEK_DATA; it fails behind the end.
        let data = lseek(file.number, off_t(offset), 3)
        return data < 0 ? offset : max(offset, Int(data))
    }
}

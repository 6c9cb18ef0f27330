import CZip
import Glibc
package import LinuxSystem

/// Writes zip archives whose entries are stored as they are, through libzip.
///
/// One entry at a time is in memory.
package enum ZipWriter {
    /// A file of the archive.
    package struct Entry {
        var name: String
        var byteCount: Int
        /// Gives exactly that many bytes to `append`, in order.
        var produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

        init(
            name: String, byteCount: Int,
            produce: @escaping (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
        ) {
            self.name = name
            self.byteCount = byteCount
            self.produce = produce
        }

        init(name: String, bytes: [UInt8]) {
            self.init(name: name, byteCount: bytes.count) { append in try bytes.withUnsafeBytes { try append($0) } }
        }
    }

    /// Where the data of each entry begins, as PyTorch places it: at multiples of this.
    static let alignment = 64
    /// Of a local header before name and extra field.
    private static let headerBytes = 30
    /// PyTorch's identifier of the extra field that only fills up.
    private static let paddingField: UInt16 = 0x4246
    private static let fieldHeaderBytes = 4

    /// - Parameter file: empty
    /// - Throws: what `produce` throws, `SystemError`, `ZipError`
    package static func write(_ entries: [Entry], to file: AtomicFile) throws {
        let sink = ZipSink(file)
        let readers = entries.map(ZipEntryReader.init)
        do {
            try withExtendedLifetime((sink, readers)) { try write(readers, sink) }
        } catch {
            // libzip says only that a callback has failed.
            throw sink.failure ?? readers.lazy.compactMap(\.failure).first ?? error
        }
    }

    private static func write(_ readers: [ZipEntryReader], _ sink: ZipSink) throws {
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        func failed() -> ZipError { ZipError(reason: String(cString: zip_error_strerror(&error))) }
        let target = Unmanaged.passUnretained(sink).toOpaque()
        guard let source = zip_source_function_create(ZipSink.callback, target, &error) else { throw failed() }
        guard let archive = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error) else {
            zip_source_free(source)
            throw failed()
        }
        var isClosed = false
        defer { if !isClosed { zip_discard(archive) } }
        func failure() -> ZipError { ZipError(reason: String(cString: zip_strerror(archive))) }
        var offset = 0
        for reader in readers {
            let entry = reader.entry
            let pointer = Unmanaged.passUnretained(reader).toOpaque()
            guard let data = zip_source_function(archive, ZipEntryReader.callback, pointer) else { throw failure() }
            let number = zip_file_add(archive, entry.name, data, zip_flags_t(ZIP_FL_ENC_UTF_8))
            guard number >= 0 else {
                zip_source_free(data)
                throw failure()
            }
            let start = offset + headerBytes + entry.name.utf8.count + fieldHeaderBytes
            let padding = [UInt8](repeating: UInt8(ascii: "Z"), count: (alignment - start % alignment) % alignment)
            // The time of 1 January 1980, so that the same tensors give the same file.
            guard zip_set_file_compression(archive, UInt64(number), Int32(ZIP_CM_STORE), 0) == 0,
                zip_file_set_dostime(archive, UInt64(number), 0, 33, 0) == 0,
                zip_file_extra_field_set(
                    archive, UInt64(number), paddingField, UInt16(ZIP_EXTRA_FIELD_NEW), padding,
                    UInt16(padding.count), zip_flags_t(ZIP_FL_LOCAL)) == 0
            else { throw failure() }
            offset = start + padding.count + entry.byteCount
        }
        guard zip_close(archive) == 0 else { throw failure() }
        isClosed = true
    }
}

/// What libzip says of an archive.
package struct ZipError: Error, CustomStringConvertible {
    package var reason: String
    package var description: String { "the zip archive cannot be written or read: \(reason)" }
}

/// libzip's view of the file that is written.
private final class ZipSink {
    private let file: AtomicFile
    private var position = 0
    private var end = 0
    var failure: (any Error)?

    init(_ file: AtomicFile) { self.file = file }

    static let callback: zip_source_callback = { user, data, length, command in
        guard let user else { return -1 }
        return Unmanaged<ZipSink>.fromOpaque(user).takeUnretainedValue().answer(command, data, Int(length))
    }

    private func answer(_ command: zip_source_cmd_t, _ data: UnsafeMutableRawPointer?, _ length: Int) -> Int64 {
        switch command {
        case ZIP_SOURCE_SUPPORTS:
            return Int64(
                supported(
                    ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
                    ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_BEGIN_WRITE,
                    ZIP_SOURCE_COMMIT_WRITE, ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
                    ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE))
        case ZIP_SOURCE_STAT: return describe(data, size: 0)
        case ZIP_SOURCE_ERROR: return noError(data, length)
        case ZIP_SOURCE_WRITE: return write(UnsafeRawBufferPointer(start: data, count: length))
        case ZIP_SOURCE_TELL_WRITE: return Int64(position)
        case ZIP_SOURCE_SEEK_WRITE:
            guard let seek = data?.assumingMemoryBound(to: zip_source_args_seek_t.self).pointee else { return -1 }
            switch seek.whence {
            case SEEK_SET: position = Int(seek.offset)
            case SEEK_CUR: position += Int(seek.offset)
            default: position = end + Int(seek.offset)
            }
            return 0
        default: return 0
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        do {
            try file.write(bytes, at: position)
            position += bytes.count
            end = max(end, position)
            return Int64(bytes.count)
        } catch {
            failure = failure ?? error
            return -1
        }
    }
}

/// An entry's bytes, made when libzip asks for them.
private final class ZipEntryReader {
    let entry: ZipWriter.Entry
    private var bytes: [UInt8] = []
    private var position = 0
    var failure: (any Error)?

    init(_ entry: ZipWriter.Entry) { self.entry = entry }

    static let callback: zip_source_callback = { user, data, length, command in
        guard let user else { return -1 }
        return Unmanaged<ZipEntryReader>.fromOpaque(user).takeUnretainedValue().answer(command, data, Int(length))
    }

    private func answer(_ command: zip_source_cmd_t, _ data: UnsafeMutableRawPointer?, _ length: Int) -> Int64 {
        switch command {
        case ZIP_SOURCE_SUPPORTS:
            return Int64(
                supported(
                    ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
                    ZIP_SOURCE_FREE))
        case ZIP_SOURCE_OPEN: return open()
        case ZIP_SOURCE_READ:
            let count = min(length, bytes.count - position)
            guard count > 0, let data else { return 0 }
            bytes.withUnsafeBytes { source in
                if let start = source.baseAddress { memcpy(data, start + position, count) }
            }
            position += count
            return Int64(count)
        case ZIP_SOURCE_CLOSE:
            bytes = []
            return 0
        case ZIP_SOURCE_STAT: return describe(data, size: entry.byteCount)
        case ZIP_SOURCE_ERROR: return noError(data, length)
        default: return 0
        }
    }

    private func open() -> Int64 {
        do {
            position = 0
            bytes.reserveCapacity(entry.byteCount)
            try entry.produce { bytes.append(contentsOf: $0) }
            guard bytes.count == entry.byteCount else { return -1 }
            return 0
        } catch {
            failure = error
            return -1
        }
    }
}

private func supported(_ commands: zip_source_cmd_t...) -> UInt64 {
    commands.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
}

private func describe(_ data: UnsafeMutableRawPointer?, size: Int) -> Int64 {
    guard let data else { return -1 }
    var status = zip_stat_t()
    zip_stat_init(&status)
    status.size = zip_uint64_t(size)
    status.valid = zip_uint64_t(ZIP_STAT_SIZE)
    memcpy(data, &status, MemoryLayout<zip_stat_t>.size)
    return Int64(MemoryLayout<zip_stat_t>.size)
}

/// The reason is kept beside; libzip hears only that there is one.
private func noError(_ data: UnsafeMutableRawPointer?, _ length: Int) -> Int64 {
    if let data { memset(data, 0, length) }
    return Int64(2 * MemoryLayout<Int32>.size)
}

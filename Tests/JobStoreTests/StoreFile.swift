import CSQLite

/// The database as another program would open it.
enum StoreFile {
    struct Failure: Error { let code: Int32 }

    static func execute(_ path: String, _ sql: String) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        var code = sqlite3_open(path, &handle)
        if code == SQLITE_OK { code = sqlite3_exec(handle, sql, nil, nil, nil) }
        if code != SQLITE_OK { throw Failure(code: code) }
    }
}

import CSQLite

/// A SQLite connection and the conversion of values; used from one thread.
final class Database {
    struct Failure: Error, Equatable, CustomStringConvertible {
        let code: Int32
        let message: String
        let statement: String
        var description: String { "\(message) (SQLite \(code)) in: \(statement)" }
        var isDiskFull: Bool { code & 0xFF == SQLITE_FULL }
        var isInputOutput: Bool { code & 0xFF == SQLITE_IOERR || code & 0xFF == SQLITE_CANTOPEN }
        var isLocked: Bool { code & 0xFF == SQLITE_BUSY || code & 0xFF == SQLITE_LOCKED }
    }

    enum Value: Equatable {
        case null, integer(Int64), real(Double), text(String)

        var text: String? { if case .text(let text) = self { text } else { nil } }
        var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
        var number: Double? { if case .real(let number) = self { number } else { integer.map { Double($0) } } }
    }

    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    init(path: String) throws(Failure) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = unsafe sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let message = handle.flatMap { unsafe sqlite3_errmsg($0) }.map { unsafe String(cString: $0) }
            unsafe sqlite3_close(handle)
            throw Failure(code: code, message: message ?? "cannot open", statement: path)
        }
        self.handle = handle
        unsafe sqlite3_busy_timeout(handle, 2000)
    }

    deinit {
        for statement in statements.values { unsafe sqlite3_finalize(statement) }
        unsafe sqlite3_close(handle)
    }

    /// Runs statements without parameters.
    func execute(_ sql: String) throws(Failure) {
        guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
    }

    /// Runs one statement and returns its rows.
    @discardableResult
    func run(_ sql: String, _ parameters: [Value] = []) throws(Failure) -> [[Value]] {
        let statement = try prepared(sql)
        defer {
            unsafe sqlite3_reset(statement)
            unsafe sqlite3_clear_bindings(statement)
        }
        for (index, parameter) in parameters.enumerated() { bind(parameter, at: Int32(index + 1), of: statement) }
        var rows: [[Value]] = []
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW:
                let count = unsafe sqlite3_column_count(statement)
                rows.append((0..<count).map { column(statement, $0) })
            case SQLITE_DONE: return rows
            default: throw failure(sql)
            }
        }
    }

    /// All of `body` or nothing of it.
    func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            try? execute("ROLLBACK")
            throw error
        }
    }

    var lastInsertedRow: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    private func prepared(_ sql: String) throws(Failure) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw failure(sql)
        }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: Value, at index: Int32, of statement: OpaquePointer) {
        switch value {
        case .null: _ = unsafe sqlite3_bind_null(statement, index)
        case .integer(let number): _ = unsafe sqlite3_bind_int64(statement, index, number)
        case .real(let number): _ = unsafe sqlite3_bind_double(statement, index, number)
        case .text(let text):
            // SQLITE_TRANSIENT: SQLite copies the text before the call returns.
            let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            _ = unsafe sqlite3_bind_text(statement, index, text, -1, transient)
        }
    }

    private func column(_ statement: OpaquePointer, _ index: Int32) -> Value {
        switch unsafe sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: .integer(unsafe sqlite3_column_int64(statement, index))
        case SQLITE_FLOAT: .real(unsafe sqlite3_column_double(statement, index))
        case SQLITE_TEXT:
            .text(unsafe sqlite3_column_text(statement, index).map { unsafe String(cString: $0) } ?? "")
        default: .null
        }
    }

    private func failure(_ sql: String) -> Failure {
        Failure(
            code: unsafe sqlite3_extended_errcode(handle), message: unsafe String(cString: sqlite3_errmsg(handle)),
            statement: sql)
    }
}

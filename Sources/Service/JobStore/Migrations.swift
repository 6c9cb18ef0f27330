/// The schema as named steps; each is applied once, in this order, and none is ever changed.
enum Migrations {
    static let all: [(name: String, sql: String)] = [
        (
            "jobs and events",
            """
            CREATE TABLE jobs (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                client_token TEXT,
                owner INTEGER NOT NULL,
                name TEXT NOT NULL,
                kind TEXT NOT NULL,
                state TEXT NOT NULL,
                priority INTEGER NOT NULL,
                config TEXT NOT NULL,
                overrides TEXT NOT NULL,
                working_directory TEXT,
                output_directory TEXT NOT NULL,
                output_path TEXT NOT NULL,
                submitted_at TEXT NOT NULL,
                started_at TEXT,
                finished_at TEXT,
                attempt INTEGER NOT NULL DEFAULT 0,
                failures INTEGER NOT NULL DEFAULT 0,
                cancel_requested INTEGER NOT NULL DEFAULT 0,
                progress TEXT,
                error TEXT,
                metrics TEXT,
                notes TEXT NOT NULL,
                UNIQUE (owner, client_token)
            ) STRICT;
            CREATE INDEX jobs_by_state ON jobs (state);
            CREATE TABLE events (
                job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
                seq INTEGER NOT NULL,
                kind TEXT NOT NULL,
                at TEXT NOT NULL,
                fields TEXT NOT NULL,
                PRIMARY KEY (job, seq)
            ) STRICT, WITHOUT ROWID;
            """
        ),
        // The wish replaces a flag for cancelling; figures leave the events for a file beside the store, so the number
        // of the newest event is kept with the job.
        (
            "verbs and dependencies",
            """
            ALTER TABLE jobs ADD COLUMN wish TEXT;
            UPDATE jobs SET wish = 'cancel' WHERE cancel_requested = 1 AND state = 'running';
            ALTER TABLE jobs DROP COLUMN cancel_requested;
            ALTER TABLE jobs ADD COLUMN after TEXT NOT NULL DEFAULT '[]';
            ALTER TABLE jobs ADD COLUMN forked_from INTEGER;
            ALTER TABLE jobs ADD COLUMN checkpoint TEXT;
            ALTER TABLE jobs ADD COLUMN threads INTEGER;
            ALTER TABLE jobs ADD COLUMN memory_bytes INTEGER;
            ALTER TABLE jobs ADD COLUMN input TEXT;
            ALTER TABLE jobs ADD COLUMN kept_seconds INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE jobs ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0;
            UPDATE jobs SET last_seq = coalesce((SELECT max(seq) FROM events WHERE job = jobs.id), 0);
            UPDATE jobs SET checkpoint = (
                SELECT fields FROM events WHERE job = jobs.id AND kind = 'checkpoint' ORDER BY seq DESC LIMIT 1);
            """
        ),
        ("memory of jobs", "ALTER TABLE jobs ADD COLUMN memory TEXT;"),
        ("inputs of jobs", "ALTER TABLE jobs ADD COLUMN inputs TEXT;"),
        // Each submission asks whose outputs the folders that it names are.
        ("jobs by output", "CREATE INDEX jobs_by_output ON jobs (output_path);"),
        ("precision of jobs", "ALTER TABLE jobs ADD COLUMN matmul_precision TEXT;"),
    ]

    static func apply(to database: Database, migrating: (String) -> Void) throws {
        try database.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT")
        let applied = Set(try database.run("SELECT name FROM migrations").compactMap { $0[0].text })
        if let unknown = applied.subtracting(all.map(\.name)).sorted().first {
            throw JobStoreError.newerSchema(migration: unknown)
        }
        // One transaction for each step: a crash leaves the schema before it or after it.
        for (name, sql) in all where !applied.contains(name) {
            try database.transaction {
                try database.execute(sql)
                try database.run("INSERT INTO migrations VALUES (?)", [.text(name)])
                migrating(name)
            }
        }
    }
}

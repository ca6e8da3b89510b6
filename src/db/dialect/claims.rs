//! SQL statements of claims. They use only the two indexes of live jobs, so that the history does
//! not slow them down.

use sea_orm::DbBackend;

/// Forces an index on SQLite, whose planner relies on table statistics that may be missing. Only
/// one index is right here.
fn hint(backend: DbBackend, index: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("INDEXED BY {index}"),
        _ => String::new(),
    }
}

/// Query for the table `kinds (job_type)` from a list that `bulk::list` made.
fn kinds(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "SELECT unnest(($1::text)::text[])",
        _ => "SELECT value FROM json_each(?1)",
    }
}

/// Selects, for each type of a list (parameter 1) and each priority of its queued jobs, the time
/// when the first of them is due. Steps in the index from priority to priority, skipping the
/// entries between.
pub fn priorities(backend: DbBackend) -> String {
    let (kinds, hint) = (kinds(backend), hint(backend, "idx_job_claim"));
    let of = |alias: &str| {
        format!("FROM video_generation_jobs AS {alias} {hint} WHERE {alias}.status = 'queued'")
    };
    let (first, next, due) = (of("a"), of("b"), of("c"));
    format!(
        "WITH RECURSIVE kinds (job_type) AS ({kinds}), \
         levels (job_type, priority) AS (\
           SELECT k.job_type, (SELECT a.priority {first} AND a.job_type = k.job_type ORDER BY a.priority DESC LIMIT 1) \
           FROM kinds AS k \
           UNION ALL \
           SELECT l.job_type, (SELECT b.priority {next} AND b.job_type = l.job_type AND b.priority < l.priority \
             ORDER BY b.priority DESC LIMIT 1) FROM levels AS l WHERE l.priority IS NOT NULL) \
         SELECT l.job_type, l.priority, (SELECT COALESCE(c.run_at, c.created_at) {due} AND c.job_type = l.job_type \
           AND c.priority = l.priority ORDER BY COALESCE(c.run_at, c.created_at) LIMIT 1) AS due_at \
         FROM levels AS l WHERE l.priority IS NOT NULL"
    )
}

const ORDER: &str = "COALESCE(run_at, created_at), created_at, id";

/// Selects the first jobs of one priority (parameter 1) that are due at a time (2), up to a total
/// limit (3). Each type (4, 6, …) has its own limit (5, 7, …). With a lock, the statement locks the
/// jobs and skips those that another transaction has locked.
pub fn select_due(backend: DbBackend, types: usize, columns: &str, lock: bool) -> String {
    let hint = hint(backend, "idx_job_claim");
    let (sign, lock) = match (backend, lock) {
        (DbBackend::Postgres, true) => ("$", "FOR UPDATE SKIP LOCKED"),
        (DbBackend::Postgres, false) => ("$", ""),
        _ => ("?", ""),
    };
    let of_type = |i: usize| {
        let (kind, limit) = (2 * i + 4, 2 * i + 5);
        format!(
            "SELECT {columns} FROM video_generation_jobs {hint} WHERE status = 'queued' AND job_type = {sign}{kind} \
             AND priority = {sign}1 AND COALESCE(run_at, created_at) <= {sign}2 ORDER BY {ORDER} LIMIT {sign}{limit} {lock}"
        )
    };
    // Each part is sorted already, so the database merges them and reads only as far as the limit.
    let parts: Vec<_> = (0..types)
        .map(|i| format!("SELECT * FROM ({}) AS part_{i}", of_type(i)))
        .collect();
    format!(
        "SELECT * FROM ({}) AS due ORDER BY {ORDER} LIMIT {sign}3",
        parts.join(" UNION ALL ")
    )
}

/// Gives jobs, each with its lease token, to a worker (parameter 1) until a time (2); now is (3).
/// On PostgreSQL the ids (4) and the tokens (5) are two lists, on SQLite one list of pairs (4).
pub fn assign(backend: DbBackend) -> String {
    let (sign, given) = match backend {
        DbBackend::Postgres => (
            "$",
            "unnest(($4::text)::text[], ($5::text)::text[]) AS given (id, token)".to_owned(),
        ),
        _ => (
            "?",
            "(SELECT value ->> 0 AS id, value ->> 1 AS token FROM json_each(?4)) AS given"
                .to_owned(),
        ),
    };
    format!(
        "UPDATE video_generation_jobs AS job SET status = 'processing', attempt = job.attempt + 1, \
         version = job.version + 1, started_at = COALESCE(job.started_at, {sign}3), status_since = {sign}3, \
         updated_at = {sign}3, worker_id = {sign}1, lease_token = given.token, lease_expires_at = {sign}2, \
         last_lease_token = NULL, error_message = NULL FROM {given} WHERE job.id = given.id"
    )
}

/// Counts the running jobs of each type of a list (parameter 1).
pub fn running(backend: DbBackend) -> String {
    let (kinds, hint) = (kinds(backend), hint(backend, "idx_job_processing"));
    format!(
        "SELECT job_type, COUNT(*) AS running FROM video_generation_jobs {hint} \
         WHERE status = 'processing' AND job_type IN ({kinds}) GROUP BY job_type"
    )
}

/// Selects one row if any job's lease has expired by a time (parameter 1).
pub fn any_expired(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_processing");
    let sign = if backend == DbBackend::Postgres {
        "$"
    } else {
        "?"
    };
    format!(
        "SELECT 1 FROM video_generation_jobs {hint} WHERE status = 'processing' AND \
        lease_expires_at <= {sign}1 LIMIT 1"
    )
}

/// Selects jobs whose lease has expired by a time (parameter 1), up to a limit (2) after an offset
/// (3). Locks them, and skips those that another transaction has locked.
pub fn expired(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_processing");
    let (sign, lock) = match backend {
        DbBackend::Postgres => ("$", "FOR UPDATE SKIP LOCKED"),
        _ => ("?", ""),
    };
    format!(
        "SELECT id FROM video_generation_jobs {hint} WHERE status = 'processing' AND lease_expires_at <= {sign}1 \
         LIMIT {sign}2 OFFSET {sign}3 {lock}"
    )
}

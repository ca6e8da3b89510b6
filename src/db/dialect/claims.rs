//! The statements that hand jobs out. They read the two indexes of live jobs and nothing else, whatever the history.

use sea_orm::DbBackend;

/// SQLite chooses by what it knows of the tables, which may be nothing: here there is one right index.
fn hint(backend: DbBackend, index: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("INDEXED BY {index}"),
        _ => String::new(),
    }
}

/// The rows of a list that `bulk::list` made, as the table `kinds (job_type)`.
fn kinds(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "SELECT unnest(($1::text)::text[])",
        _ => "SELECT value FROM json_each(?1)",
    }
}

/// For each type of a list (1) and each priority that its queued jobs have: when the first of them is due. Steps from
/// priority to priority in the index, over whatever lies between.
pub fn levels(backend: DbBackend) -> String {
    let (kinds, hint) = (kinds(backend), hint(backend, "idx_job_claim"));
    let of = |alias: &str| format!("FROM video_generation_jobs AS {alias} {hint} WHERE {alias}.status = 'queued'");
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

/// The first so many (3) jobs of one priority (1) that are due now (2), of so many types: each (4, 6, …) with its own
/// limit (5, 7, …). With a lock, jobs that another transaction is about to change are left out, and those that are found
/// are locked.
pub fn pick(backend: DbBackend, types: usize, columns: &str, lock: bool) -> String {
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
    // Each part comes in order already: they are merged, and only as far as is asked for.
    let parts: Vec<_> = (0..types).map(|i| format!("SELECT * FROM ({}) AS part_{i}", of_type(i))).collect();
    format!("SELECT * FROM ({}) AS due ORDER BY {ORDER} LIMIT {sign}3", parts.join(" UNION ALL "))
}

/// Gives jobs, each with its token, to a worker (1) until a moment (2); now (3). On PostgreSQL the ids (4) and the tokens
/// (5) are two lists, else one list of pairs (4).
pub fn hand_out(backend: DbBackend) -> String {
    let (sign, given) = match backend {
        DbBackend::Postgres => ("$", "unnest(($4::text)::text[], ($5::text)::text[]) AS given (id, token)".to_owned()),
        _ => ("?", "(SELECT value ->> 0 AS id, value ->> 1 AS token FROM json_each(?4)) AS given".to_owned()),
    };
    format!(
        "UPDATE video_generation_jobs AS job SET status = 'processing', attempt = job.attempt + 1, \
         version = job.version + 1, started_at = COALESCE(job.started_at, {sign}3), status_since = {sign}3, \
         updated_at = {sign}3, worker_id = {sign}1, lease_token = given.token, lease_expires_at = {sign}2, \
         last_lease_token = NULL, error_message = NULL FROM {given} WHERE job.id = given.id"
    )
}

/// How many jobs of each type of a list (1) run.
pub fn running(backend: DbBackend) -> String {
    let (kinds, hint) = (kinds(backend), hint(backend, "idx_job_processing"));
    format!(
        "SELECT job_type, COUNT(*) AS running FROM video_generation_jobs {hint} \
         WHERE status = 'processing' AND job_type IN ({kinds}) GROUP BY job_type"
    )
}

/// One row if there is a job whose lease has run out by a moment (1).
pub fn any_expired(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_processing");
    let sign = if backend == DbBackend::Postgres { "$" } else { "?" };
    format!(
        "SELECT 1 FROM video_generation_jobs {hint} WHERE status = 'processing' AND lease_expires_at <= {sign}1 LIMIT 1"
    )
}

/// So many (2) of the jobs whose lease has run out by a moment (1), behind the first few (3), locked; those that another
/// transaction holds are left out.
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

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

/// Number of ranks of one priority: of jobs that were started before or not, with `run_at` or
/// without.
pub const RANKS: i32 = 4;

/// Rank of a queued job, spelled like the expression of the index of claims. Lower ranks go first:
/// higher priority, then jobs that were started before, then jobs without `run_at`.
fn rank(alias: &str) -> String {
    format!(
        "(CASE WHEN {alias}started_at IS NULL THEN 2 ELSE 0 END \
         + CASE WHEN {alias}run_at IS NULL THEN 0 ELSE 1 END - {RANKS} * {alias}priority)"
    )
}

/// Selects, for each type of a list (parameter 1) and each rank of its queued jobs, the time when
/// the first of them is due. Steps in the index from rank to rank, skipping the entries between.
pub fn priorities(backend: DbBackend) -> String {
    heads(backend, "COALESCE(c.run_at, c.created_at)")
}

/// Selects like [`priorities`] the time since which the first job of each type and rank is due.
pub fn due_heads(backend: DbBackend) -> String {
    heads(
        backend,
        "(CASE WHEN c.run_at > COALESCE(c.status_since, c.created_at) THEN c.run_at \
         ELSE COALESCE(c.status_since, c.created_at) END)",
    )
}

/// Selects an expression of the first job `c` of each type and rank.
fn heads(backend: DbBackend, shown: &str) -> String {
    let (kinds, hint) = (kinds(backend), hint(backend, "idx_job_claim"));
    let of = |alias: &str| {
        format!(
            "FROM video_generation_jobs AS {alias} {hint} WHERE {alias}.status = 'queued' AND {alias}.holds = 0"
        )
    };
    let (first, next, due) = (of("a"), of("b"), of("c"));
    let (rank_a, rank_b, rank_c) = (rank("a."), rank("b."), rank("c."));
    format!(
        "WITH RECURSIVE kinds (job_type) AS ({kinds}), \
         levels (job_type, place) AS (\
           SELECT k.job_type, (SELECT {rank_a} {first} AND a.job_type = k.job_type ORDER BY {rank_a} LIMIT 1) \
           FROM kinds AS k \
           UNION ALL \
           SELECT l.job_type, (SELECT {rank_b} {next} AND b.job_type = l.job_type AND {rank_b} > l.place \
             ORDER BY {rank_b} LIMIT 1) FROM levels AS l WHERE l.place IS NOT NULL) \
         SELECT l.job_type, l.place, (SELECT {shown} {due} AND c.job_type = l.job_type \
           AND {rank_c} = l.place ORDER BY COALESCE(c.run_at, c.created_at) LIMIT 1) AS due_at \
         FROM levels AS l WHERE l.place IS NOT NULL"
    )
}

const ORDER: &str = "COALESCE(run_at, created_at), created_at, id";

/// Part of a queue: the queued jobs of one type and rank.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Jobs without `run_at`, which are due whenever they are looked at.
    Always,
    /// Jobs with `run_at`.
    Timed,
}

/// Selects the first due jobs of some sources, up to a total limit (parameter 2); now is (1). Each
/// source has its type (3, 6, …), its rank (4, 7, …) and its own limit (5, 8, …). With a lock, the
/// statement locks the jobs and skips those that another transaction has locked.
/// Each of `labels` is a condition on the jobs, with its key and its value behind all of these.
pub fn select_due(
    backend: DbBackend,
    sources: &[Source],
    columns: &str,
    lock: bool,
    labels: usize,
) -> String {
    let hint = hint(backend, "idx_job_claim");
    let (sign, lock) = match (backend, lock) {
        (DbBackend::Postgres, true) => ("$", "FOR UPDATE SKIP LOCKED"),
        (DbBackend::Postgres, false) => ("$", ""),
        _ => ("?", ""),
    };
    let rank = rank("");
    let labelled = labelled(backend, labels, 3 * sources.len() + 3);
    let of_source = |i: usize| {
        let (kind, place, limit) = (3 * i + 3, 3 * i + 4, 3 * i + 5);
        // The time is compared with a parameter in both cases, so that it is always bound.
        let due = match sources[i] {
            Source::Always => format!("{sign}1 IS NOT NULL"),
            Source::Timed => format!("COALESCE(run_at, created_at) <= {sign}1"),
        };
        format!(
            "SELECT {columns} FROM video_generation_jobs {hint} WHERE status = 'queued' \
             AND holds = 0 AND job_type = {sign}{kind} \
             AND {rank} = {sign}{place} AND {due}{labelled} ORDER BY {ORDER} LIMIT {sign}{limit} {lock}"
        )
    };
    // Each part is sorted already, so the database merges them and reads only as far as the limit.
    let parts: Vec<_> = (0..sources.len())
        .map(|i| format!("SELECT * FROM ({}) AS part_{i}", of_source(i)))
        .collect();
    format!(
        "SELECT * FROM ({}) AS due ORDER BY {ORDER} LIMIT {sign}2",
        parts.join(" UNION ALL ")
    )
}

/// Conditions on labels of a job, whose keys and values are the parameters from `first` on.
fn labelled(backend: DbBackend, labels: usize, first: usize) -> String {
    let condition = |i: usize| {
        let (key, value) = (first + 2 * i, first + 2 * i + 1);
        match backend {
            DbBackend::Postgres => format!(" AND labels ->> ${key} = ${value}"),
            // Another program may have written text that is not JSON.
            _ => format!(
                " AND CASE WHEN json_valid(labels) \
                 THEN json_extract(labels, '$.\"' || ?{key} || '\"') END = ?{value}"
            ),
        }
    };
    (0..labels).map(condition).collect()
}

/// Number of sources from which on PostgreSQL gets [`select_due_of_many`]: planning a statement with
/// a part per source takes longer than running it.
pub const MANY_SOURCES: usize = 17;

/// Returns whether a statement can name its sources by lists.
pub fn lists_sources(backend: DbBackend) -> bool {
    backend == DbBackend::Postgres
}

/// Selects like [`select_due`] on PostgreSQL, from any number of sources at the same planning cost:
/// their types (parameter 2), ranks (3), times up to which their jobs are due (4), and limits (5)
/// are lists. The total limit is (1). It locks only the jobs that it returns. The keys and values
/// of labels follow.
pub fn select_due_of_many(columns: &str, lock: bool, labels: usize) -> String {
    let rank = rank("");
    let labelled = labelled(DbBackend::Postgres, labels, 6);
    let lock = if lock { "FOR UPDATE SKIP LOCKED" } else { "" };
    format!(
        "SELECT {columns} FROM video_generation_jobs WHERE status = 'queued' AND holds = 0 AND id IN (\
           SELECT due.id FROM unnest(($2::text)::text[], ($3::text)::int[], \
             ($4::text)::timestamptz[], ($5::text)::bigint[]) AS source (kind, place, upto, room) \
           CROSS JOIN LATERAL (\
             SELECT id, run_at, created_at FROM video_generation_jobs \
             WHERE status = 'queued' AND holds = 0 AND job_type = source.kind AND {rank} = source.place \
             AND COALESCE(run_at, created_at) <= source.upto{labelled} ORDER BY {ORDER} LIMIT source.room) AS due \
           ORDER BY COALESCE(due.run_at, due.created_at), due.created_at, due.id LIMIT $1) \
         ORDER BY {ORDER} {lock}"
    )
}

/// Rank of a queued job, spelled like the expression of the index of all types.
fn rank_of_all(alias: &str) -> String {
    format!(
        "(-{RANKS} * {alias}priority + CASE WHEN {alias}started_at IS NULL THEN 2 ELSE 0 END \
         + CASE WHEN {alias}run_at IS NULL THEN 0 ELSE 1 END)"
    )
}

/// Selects, for each rank of the queued jobs of all types, the time when the first of them is due,
/// as [`priorities`] does for each type.
pub fn all_ranks(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_next");
    let of = |alias: &str| {
        format!(
            "FROM video_generation_jobs AS {alias} {hint} WHERE {alias}.status = 'queued' AND {alias}.holds = 0"
        )
    };
    let (first, next, due) = (of("a"), of("b"), of("c"));
    let (rank_a, rank_b, rank_c) = (rank_of_all("a."), rank_of_all("b."), rank_of_all("c."));
    format!(
        "WITH RECURSIVE levels (place) AS (\
           SELECT (SELECT {rank_a} {first} ORDER BY {rank_a} LIMIT 1) \
           UNION ALL \
           SELECT (SELECT {rank_b} {next} AND {rank_b} > l.place ORDER BY {rank_b} LIMIT 1) \
           FROM levels AS l WHERE l.place IS NOT NULL) \
         SELECT '' AS job_type, l.place, (SELECT COALESCE(c.run_at, c.created_at) {due} \
           AND {rank_c} = l.place ORDER BY COALESCE(c.run_at, c.created_at) LIMIT 1) AS due_at \
         FROM levels AS l WHERE l.place IS NOT NULL"
    )
}

/// Selects the first jobs of all types of a rank (parameter 1) that are due at a time (2), up to a
/// limit (3).
pub fn first_of_rank(backend: DbBackend, source: Source, columns: &str) -> String {
    let (rank, hint) = (rank_of_all(""), hint(backend, "idx_job_next"));
    let sign = if backend == DbBackend::Postgres {
        "$"
    } else {
        "?"
    };
    let due = match source {
        Source::Always => format!("{sign}2 IS NOT NULL"),
        Source::Timed => format!("COALESCE(run_at, created_at) <= {sign}2"),
    };
    format!(
        "SELECT {columns} FROM video_generation_jobs {hint} WHERE status = 'queued' \
         AND holds = 0 AND {rank} = {sign}1 AND {due} ORDER BY {ORDER} LIMIT {sign}3"
    )
}

/// Counts the jobs of a type (parameter 1), due at a time (2), that claims give before the job with
/// a due time (3), a time of creation (4) and an id (5); at most a number (6) of each part. (7) is
/// the first rank of the job's level, which shares its order with the rank behind.
pub fn jobs_before(backend: DbBackend) -> String {
    let (rank, hint) = (rank(""), hint(backend, "idx_job_claim"));
    let sign = if backend == DbBackend::Postgres {
        "$"
    } else {
        "?"
    };
    let part = |condition: String| {
        format!(
            "(SELECT COUNT(*) FROM (SELECT 1 FROM video_generation_jobs {hint} \
             WHERE status = 'queued' AND holds = 0 AND job_type = {sign}1 AND {condition} LIMIT {sign}6) AS part)"
        )
    };
    let before =
        format!("(COALESCE(run_at, created_at), created_at, id) < ({sign}3, {sign}4, {sign}5)");
    let levels = part(format!(
        "{rank} < {sign}7 AND (run_at IS NULL OR run_at <= {sign}2)"
    ));
    let always = part(format!("{rank} = {sign}7 AND {before}"));
    let timed = part(format!(
        "{rank} = {sign}7 + 1 AND COALESCE(run_at, created_at) <= {sign}2 AND {before}"
    ));
    format!("SELECT {levels} + {always} + {timed} AS jobs")
}

/// Gives jobs, each with its lease token and the time by which its attempt has to end, to a worker
/// (parameter 1) until a time (2); now is (3), and the id of the call is (4). On PostgreSQL the ids
/// (5), the tokens (6) and the ends (7) are three lists, on SQLite one list of triples (5).
pub fn assign(backend: DbBackend) -> String {
    let (sign, given, until) = match backend {
        DbBackend::Postgres => (
            "$",
            "unnest(($5::text)::text[], ($6::text)::text[], ($7::text)::text[]) \
             AS given (id, token, until)"
                .to_owned(),
            "NULLIF(given.until, '')::timestamptz",
        ),
        _ => (
            "?",
            "(SELECT value ->> 0 AS id, value ->> 1 AS token, value ->> 2 AS until \
             FROM json_each(?5)) AS given"
                .to_owned(),
            "NULLIF(given.until, '')",
        ),
    };
    format!(
        "UPDATE video_generation_jobs AS job SET status = 'processing', attempt = job.attempt + 1, \
         version = job.version + 1, started_at = COALESCE(job.started_at, {sign}3), status_since = {sign}3, \
         updated_at = {sign}3, worker_id = {sign}1, lease_token = given.token, lease_expires_at = {sign}2, \
         last_lease_token = NULL, error_message = NULL, claim_id = {sign}4, last_heard_at = NULL, \
         run_until = {until} FROM {given} WHERE job.id = given.id"
    )
}

/// Selects the columns of the running jobs that a worker (parameter 1) got by a call with an id
/// (2), in the order of their ids, and locks them.
pub fn claimed_by_call(backend: DbBackend, columns: &str) -> String {
    let hint = hint(backend, "idx_job_claim_id");
    let (sign, lock) = match backend {
        DbBackend::Postgres => ("$", "FOR UPDATE"),
        _ => ("?", ""),
    };
    format!(
        "SELECT {columns} FROM video_generation_jobs {hint} WHERE status = 'processing' \
         AND claim_id IS NOT NULL AND claim_id = {sign}2 AND worker_id = {sign}1 \
         ORDER BY id {lock}"
    )
}

/// Waits until no other transaction claims by this call (parameter 1). `None` on SQLite, which has
/// one writer at a time.
pub fn lock_call(backend: DbBackend) -> Option<&'static str> {
    // Two keys: one of Callsheet's own, and the hash of the call.
    (backend == DbBackend::Postgres)
        .then_some("SELECT pg_advisory_xact_lock(716167712, hashtext($1))")
}

/// Counts the running jobs of each type of a list (parameter 1).
pub fn running(backend: DbBackend) -> String {
    let (kinds, hint) = (kinds(backend), hint(backend, "idx_job_processing"));
    format!(
        "SELECT job_type, COUNT(*) AS running FROM video_generation_jobs {hint} \
         WHERE status = 'processing' AND job_type IN ({kinds}) GROUP BY job_type"
    )
}

/// Condition that the lease or the running time of a job has ended. A lease has ended by the
/// earlier of two times (parameter 1), or by the later one (2) if it ends after a time (3) and the
/// worker was heard of since that time, or it ends so late (4) that no server can have given it.
fn is_over(sign: &str) -> String {
    format!(
        "(lease_expires_at <= {sign}1 OR (lease_expires_at <= {sign}2 \
         AND lease_expires_at >= {sign}3 AND COALESCE(last_heard_at, status_since) >= {sign}3) OR lease_expires_at > {sign}4 \
         OR run_until <= {sign}1)"
    )
}

/// Selects when a worker of a running job was last heard of.
pub fn newest_heard(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_processing");
    format!(
        "SELECT MAX(COALESCE(last_heard_at, status_since)) FROM video_generation_jobs {hint} \
         WHERE status = 'processing' AND lease_expires_at IS NOT NULL"
    )
}

/// Selects one row if the lease or the running time of any job has ended.
pub fn any_expired(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_processing");
    let sign = if backend == DbBackend::Postgres {
        "$"
    } else {
        "?"
    };
    let over = is_over(sign);
    format!(
        "SELECT 1 FROM video_generation_jobs {hint} WHERE status = 'processing' AND {over} LIMIT 1"
    )
}

/// Selects jobs whose lease or running time has ended, up to a limit (parameter 5) after an offset
/// (6). Locks them, and skips those that another transaction has locked.
pub fn expired(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_processing");
    let (sign, lock) = match backend {
        DbBackend::Postgres => ("$", "FOR UPDATE SKIP LOCKED"),
        _ => ("?", ""),
    };
    let over = is_over(sign);
    format!(
        "SELECT id FROM video_generation_jobs {hint} WHERE status = 'processing' AND {over} \
         LIMIT {sign}5 OFFSET {sign}6 {lock}"
    )
}

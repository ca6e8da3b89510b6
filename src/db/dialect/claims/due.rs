//! Statements that select the due jobs of some sources, or count those before a job.

use super::{ORDER, Source, hint, rank, sign};
use sea_orm::DbBackend;

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
    let sign = sign(backend);
    let lock = match (backend, lock) {
        (DbBackend::Postgres, true) => "FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    let rank = rank("");
    let labelled = labelled(backend, labels, 3 * sources.len() + 3);
    let of_source = |i: usize| {
        let (kind, place, limit) = (3 * i + 3, 3 * i + 4, 3 * i + 5);
        let due = sources[i].is_due(sign, 1);
        format!(
            "SELECT {columns} FROM video_generation_jobs {hint} WHERE status = 'queued' \
             AND holds = 0 AND job_type = {sign}{kind} \
             AND {rank} = {sign}{place} AND {due}{labelled} \
             ORDER BY {ORDER} LIMIT {sign}{limit} {lock}"
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

/// Number of sources from which on PostgreSQL gets [`select_due_of_many`]: planning a statement
/// with a part per source takes longer than running it.
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
        "SELECT {columns} FROM video_generation_jobs WHERE status = 'queued' AND holds = 0 \
         AND id IN (\
           SELECT due.id FROM unnest(($2::text)::text[], ($3::text)::int[], \
             ($4::text)::timestamptz[], ($5::text)::bigint[]) AS source (kind, place, upto, room) \
           CROSS JOIN LATERAL (\
             SELECT id, run_at, created_at FROM video_generation_jobs \
             WHERE status = 'queued' AND holds = 0 AND job_type = source.kind \
             AND {rank} = source.place \
             AND COALESCE(run_at, created_at) <= source.upto{labelled} \
             ORDER BY {ORDER} LIMIT source.room) AS due \
           ORDER BY COALESCE(due.run_at, due.created_at), due.created_at, due.id LIMIT $1) \
         ORDER BY {ORDER} {lock}"
    )
}

/// Counts the jobs of a type (parameter 1), due at a time (2), that claims give before the job with
/// a due time (3), a time of creation (4) and an id (5); at most a number (6) of each part. (7) is
/// the first rank of the job's level, which shares its order with the rank behind.
pub fn jobs_before(backend: DbBackend) -> String {
    let (rank, hint) = (rank(""), hint(backend, "idx_job_claim"));
    let sign = sign(backend);
    let part = |condition: String| {
        format!(
            "(SELECT COUNT(*) FROM (SELECT 1 FROM video_generation_jobs {hint} \
             WHERE status = 'queued' AND holds = 0 AND job_type = {sign}1 AND {condition} \
             LIMIT {sign}6) AS part)"
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

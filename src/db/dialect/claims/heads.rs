//! Statements that find the first jobs of each rank, of some types or of all.

use super::{ORDER, RANKS, Source, hint, kinds, rank, sign};
use sea_orm::DbBackend;

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
    let (first, next, due) = (queued("a", &hint), queued("b", &hint), queued("c", &hint));
    let (rank_a, rank_b, rank_c) = (rank("a."), rank("b."), rank("c."));
    format!(
        "WITH RECURSIVE kinds (job_type) AS ({kinds}), \
         levels (job_type, place) AS (\
           SELECT k.job_type, (SELECT {rank_a} {first} AND a.job_type = k.job_type \
             ORDER BY {rank_a} LIMIT 1) \
           FROM kinds AS k \
           UNION ALL \
           SELECT l.job_type, (SELECT {rank_b} {next} AND b.job_type = l.job_type \
             AND {rank_b} > l.place ORDER BY {rank_b} LIMIT 1) \
           FROM levels AS l WHERE l.place IS NOT NULL) \
         SELECT l.job_type, l.place, (SELECT {shown} {due} AND c.job_type = l.job_type \
           AND {rank_c} = l.place ORDER BY COALESCE(c.run_at, c.created_at) LIMIT 1) AS due_at \
         FROM levels AS l WHERE l.place IS NOT NULL"
    )
}

/// Queued jobs of a table, under an alias.
fn queued(alias: &str, hint: &str) -> String {
    format!(
        "FROM video_generation_jobs AS {alias} {hint} WHERE {alias}.status = 'queued' \
         AND {alias}.holds = 0"
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
    let (first, next, due) = (queued("a", &hint), queued("b", &hint), queued("c", &hint));
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
    let sign = sign(backend);
    let due = source.is_due(sign, 2);
    format!(
        "SELECT {columns} FROM video_generation_jobs {hint} WHERE status = 'queued' \
         AND holds = 0 AND {rank} = {sign}1 AND {due} ORDER BY {ORDER} LIMIT {sign}3"
    )
}

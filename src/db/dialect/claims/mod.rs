//! SQL statements of claims. They use only the two indexes of live jobs, so that the history does
//! not slow them down.

mod due;
mod heads;
mod over;

pub use due::{MANY_SOURCES, jobs_before, lists_sources, select_due, select_due_of_many};
pub use heads::{all_ranks, due_heads, first_of_rank, priorities};
pub use over::{any_expired, expired, newest_heard};

use sea_orm::DbBackend;

/// Forces an index on SQLite, whose planner relies on table statistics that may be missing. Only
/// one index is right here.
fn hint(backend: DbBackend, index: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("INDEXED BY {index}"),
        _ => String::new(),
    }
}

/// Sign before the number of a bound value.
fn sign(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "$",
        _ => "?",
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

/// Order of the jobs of one rank.
const ORDER: &str = "COALESCE(run_at, created_at), created_at, id";

/// Part of a queue: the queued jobs of one type and rank.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Jobs without `run_at`, which are due whenever they are looked at.
    Always,
    /// Jobs with `run_at`.
    Timed,
}

impl Source {
    /// Condition that the jobs of the part are due; now is a parameter with this number. It is
    /// compared in both cases, so that it is always bound.
    fn is_due(self, sign: &str, now: usize) -> String {
        match self {
            Self::Always => format!("{sign}{now} IS NOT NULL"),
            Self::Timed => format!("COALESCE(run_at, created_at) <= {sign}{now}"),
        }
    }
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
         version = job.version + 1, started_at = COALESCE(job.started_at, {sign}3), \
         status_since = {sign}3, updated_at = {sign}3, worker_id = {sign}1, \
         lease_token = given.token, lease_expires_at = {sign}2, last_lease_token = NULL, \
         error_message = NULL, claim_id = {sign}4, last_heard_at = NULL, run_until = {until} \
         FROM {given} WHERE job.id = given.id"
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

//! Statements that find running jobs whose lease or running time has ended.

use super::{hint, sign};
use sea_orm::DbBackend;

/// Condition that the lease or the running time of a job has ended. A lease has ended by the
/// earlier of two times (parameter 1), or by the later one (2) if it ends after a time (3) and the
/// worker was heard of since that time, or it ends so late (4) that no server can have given it.
fn is_over(sign: &str) -> String {
    format!(
        "(lease_expires_at <= {sign}1 OR (lease_expires_at <= {sign}2 \
         AND lease_expires_at >= {sign}3 AND COALESCE(last_heard_at, status_since) >= {sign}3) \
         OR lease_expires_at > {sign}4 OR run_until <= {sign}1)"
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
    let sign = sign(backend);
    let over = is_over(sign);
    format!(
        "SELECT 1 FROM video_generation_jobs {hint} WHERE status = 'processing' AND {over} LIMIT 1"
    )
}

/// Selects jobs whose lease or running time has ended, up to a limit (parameter 5) after an offset
/// (6). Locks them, and skips those that another transaction has locked.
pub fn expired(backend: DbBackend) -> String {
    let hint = hint(backend, "idx_job_processing");
    let sign = sign(backend);
    let lock = match backend {
        DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    };
    let over = is_over(sign);
    format!(
        "SELECT id FROM video_generation_jobs {hint} WHERE status = 'processing' AND {over} \
         LIMIT {sign}5 OFFSET {sign}6 {lock}"
    )
}

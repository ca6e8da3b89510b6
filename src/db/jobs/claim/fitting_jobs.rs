//! Number of the due jobs whose sizes fit into the response of a claim, known before they are read.

use crate::db::{
    ANSWER_BYTES, fitting,
    jobs::claim::{
        claim_size,
        rank_level::RankLevel,
        select_due::{Labels, LockMode, of_columns},
    },
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};

/// Returns how many of the due jobs of some sources fit into the response, and whether some do not.
/// `bytes` is the size of the jobs selected before; the function adds that of the fitting ones. The
/// first job of a response always fits.
pub(in crate::db) async fn fitting_jobs(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    sources: &[(&RankLevel, usize)],
    labels: &Labels,
    limit: usize,
    bytes: &mut u64,
) -> Result<(usize, bool), DbErr> {
    if limit < 2 || sources.is_empty() {
        return Ok((limit, false));
    }
    let size = claim_size::bytes_of_job(db.get_database_backend());
    let columns = format!("id, run_at, created_at, {size} AS bytes");
    let rows = db
        .query_all_raw(of_columns(
            db,
            now,
            sources,
            labels,
            limit,
            &columns,
            LockMode::Lock,
        ))
        .await?;
    let sizes = rows
        .iter()
        .map(|row| row.try_get::<i64>("", "bytes").map(i64::unsigned_abs));
    let sizes = sizes.collect::<Result<Vec<u64>, DbErr>>()?;
    let fit = fitting(
        std::iter::once(*bytes).chain(sizes.iter().copied()),
        ANSWER_BYTES as u64,
    ) - 1;
    let fit = usize::try_from(fit).unwrap_or(usize::MAX);
    let fit = if *bytes == 0 { fit.max(1) } else { fit };
    *bytes += sizes.iter().take(fit).sum::<u64>();
    Ok((fit.min(sizes.len()), fit < sizes.len()))
}

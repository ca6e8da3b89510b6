//! Size limit of a claim: it ends before the job that would make its response larger than
//! [`ANSWER_BYTES`], but always gives one job.

use crate::{
    db::{
        ANSWER_BYTES, Readable, Tx, fitting,
        jobs::weight::{written_item, written_job},
        rows::{bulk, part::bytes_of},
    },
    error::Result,
};
use entity::{job, job_item};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Func, Query},
};
use std::collections::HashMap;

/// Items by job id.
pub type ItemsOf = HashMap<String, Vec<job_item::Model>>;

/// Columns of a job that may hold long values.
pub(super) const LARGE_COLUMNS: [job::Column; 8] = [
    job::Column::Content,
    job::Column::RequestData,
    job::Column::Context,
    job::Column::ResultData,
    job::Column::UserRequirement,
    job::Column::ErrorMessage,
    job::Column::Labels,
    job::Column::Webhook,
];

/// SQL expression for the approximate bytes of a job.
pub fn bytes_of_job(backend: DbBackend) -> String {
    let sql = backend
        .build(Query::select().expr(bytes_of(backend, &LARGE_COLUMNS)))
        .to_string();
    sql.trim_start_matches("SELECT ").to_owned()
}

/// Returns the items of the jobs. Removes jobs, from the last on, that do not fit.
pub async fn items_that_fit(tx: &Tx, jobs: &mut Vec<job::Model>) -> Result<ItemsOf> {
    if jobs.len() > 1 {
        let items = bytes_of_items(tx, jobs).await?;
        let bytes = jobs
            .iter()
            .map(|job| written_job(job) as u64 + items.get(&job.id).unwrap_or(&0));
        let fit = fitting(bytes, ANSWER_BYTES as u64);
        jobs.truncate(usize::try_from(fit).unwrap_or(usize::MAX));
    }
    let items = items_of(tx, jobs).await?;
    let written = |job: &job::Model| {
        let items = items.get(&job.id).into_iter().flatten();
        (written_job(job) + items.map(written_item).sum::<usize>()) as u64
    };
    let fit = fitting(jobs.iter().map(written), ANSWER_BYTES as u64);
    jobs.truncate(usize::try_from(fit).unwrap_or(usize::MAX));
    Ok(items)
}

/// Ids of the jobs that may have items. Items count as shots, but the count of an imported job may
/// be wrong.
fn with_items(jobs: &[job::Model]) -> Vec<&str> {
    let may_have = |job: &&job::Model| job.total_shots > 0 || job.source.is_some();
    jobs.iter()
        .filter(may_have)
        .map(|job| job.id.as_str())
        .collect()
}

async fn bytes_of_items(tx: &Tx, jobs: &[job::Model]) -> Result<HashMap<String, u64>, DbErr> {
    use job_item::Column as C;
    let (ids, backend) = (with_items(jobs), tx.get_database_backend());
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let bytes = bytes_of(backend, &[C::Input, C::Result, C::Error]).add(ITEM_BYTES);
    let sum = Func::cast_as(Func::sum(bytes), Alias::new("bigint"));
    let rows: Vec<(String, i64)> = job_item::Entity::find()
        .select_only()
        .column(C::JobId)
        .expr_as(sum, "bytes")
        .filter(bulk::is_one_of(backend, Expr::col(C::JobId), &ids))
        .group_by(C::JobId)
        .into_tuple()
        .rows(tx)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, bytes)| (id, bytes.unsigned_abs()))
        .collect())
}

/// Approximate bytes of an item apart from its long values.
const ITEM_BYTES: i64 = 400;

async fn items_of(tx: &Tx, jobs: &[job::Model]) -> Result<ItemsOf> {
    let mut items = ItemsOf::new();
    let ids = with_items(jobs);
    if ids.is_empty() {
        return Ok(items);
    }
    let of_jobs = bulk::is_one_of(
        tx.get_database_backend(),
        Expr::col(job_item::Column::JobId),
        &ids,
    );
    let found = job_item::Entity::find().filter(of_jobs);
    let found = found
        .order_by_asc(job_item::Column::JobId)
        .order_by_asc(job_item::Column::Idx);
    for item in found.rows(tx).await? {
        items.entry(item.job_id.clone()).or_default().push(item);
    }
    Ok(items)
}

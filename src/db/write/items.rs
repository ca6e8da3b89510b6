//! The items of many jobs: found by as many statements as there are ways to ask for them, written by the set.

use super::change_job::Items;
use crate::{
    db::{Tx, bulk},
    error::Result,
};
use entity::{ItemStatus, job_item};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Func},
};
use std::collections::HashMap;

/// What was asked for of the items of one job.
#[derive(Default)]
pub struct Found {
    pub items: Vec<job_item::Model>,
    pub count: i32,
    pub done: i32,
}

/// By job, for those that have any.
pub async fn find(tx: &Tx, wanted: Vec<(&str, &Items)>) -> Result<HashMap<String, Found>> {
    let mut found: HashMap<String, Found> = HashMap::new();
    let whole: Vec<_> = wanted.iter().filter(|(_, items)| matches!(items, Items::All)).map(|(id, _)| *id).collect();
    for item in ordered(tx, &whole).await? {
        let of_job = found.entry(item.job_id.clone()).or_default();
        of_job.count = item.idx + 1;
        of_job.done += i32::from(matches!(item.status, ItemStatus::Completed | ItemStatus::Skipped));
        of_job.items.push(item);
    }
    let counted: Vec<_> = wanted.iter().filter(|(_, items)| !matches!(items, Items::All)).map(|(id, _)| *id).collect();
    for (id, last, done) in counts(tx, &counted).await? {
        let of_job = found.entry(id).or_default();
        // Positions run from 0 without gaps.
        (of_job.count, of_job.done) = (last + 1, i32::try_from(done).unwrap_or(i32::MAX));
    }
    for (id, items) in wanted {
        let Items::Named { keys, indexes } = items else { continue };
        let by_key = job_item::Column::Key.is_in(keys);
        let by_index = job_item::Column::Idx.is_in(indexes.iter().copied());
        let named = job_item::Entity::find()
            .filter(job_item::Column::JobId.eq(id))
            .filter(Condition::any().add(by_key).add(by_index))
            .order_by_asc(job_item::Column::Idx);
        found.entry(id.to_owned()).or_default().items = named.all(tx).await?;
    }
    Ok(found)
}

async fn ordered(tx: &Tx, jobs: &[&str]) -> Result<Vec<job_item::Model>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let of_jobs = bulk::is_one_of(tx.get_database_backend(), Expr::col(job_item::Column::JobId), jobs);
    let items = job_item::Entity::find().filter(of_jobs);
    Ok(items.order_by_asc(job_item::Column::JobId).order_by_asc(job_item::Column::Idx).all(tx).await?)
}

/// Of each job that has items: the last position, and how many are done.
async fn counts(tx: &Tx, jobs: &[&str]) -> Result<Vec<(String, i32, i64)>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let of_jobs = bulk::is_one_of(tx.get_database_backend(), Expr::col(job_item::Column::JobId), jobs);
    let done = job_item::Column::Status.is_in([ItemStatus::Completed, ItemStatus::Skipped]);
    let done = Func::count(Expr::case(done, 1).finally(Option::<i32>::None));
    let counts = job_item::Entity::find()
        .select_only()
        .column(job_item::Column::JobId)
        .column_as(job_item::Column::Idx.max(), "last")
        .expr_as(done, "done")
        .filter(of_jobs)
        .group_by(job_item::Column::JobId);
    Ok(counts.into_tuple().all(tx).await?)
}

/// Writes the items of some jobs, each with those that were found of it before: of the others there is no row yet.
pub async fn write(tx: &Tx, changed: Vec<(Vec<job_item::Model>, Vec<job_item::Model>)>) -> Result<()> {
    let (mut known, mut new) = (Vec::new(), Vec::new());
    for (before, after) in changed {
        for item in after {
            let list = if before.iter().any(|b| b.idx == item.idx) { &mut known } else { &mut new };
            list.push(item);
        }
    }
    let key = [job_item::Column::JobId, job_item::Column::Idx];
    let others = job_item::Column::iter().filter(|c| !matches!(c, job_item::Column::JobId | job_item::Column::Idx));
    let columns: Vec<_> = key.into_iter().chain(others).collect();
    bulk::update::<job_item::Entity>(tx, key.len(), &columns, &known).await?;
    bulk::insert::<job_item::Entity, _>(tx, &new).await?;
    Ok(())
}

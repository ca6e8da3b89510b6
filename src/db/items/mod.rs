//! Reads and writes the items of many jobs, with few statements for all of them.

pub mod read;

use crate::{
    db::{Readable, Tx, jobs::change_job::Items, rows::bulk},
    error::Result,
};
use entity::{ItemStatus, job, job_item};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, Iterable, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, Func},
};
use std::collections::{HashMap, HashSet};

/// Requested items of one job, with its counts.
#[derive(Default)]
pub struct FoundItems {
    pub items: Vec<job_item::Model>,
    pub count: i32,
    pub done: i32,
}

/// Returns the requested items by job, for jobs that have any.
pub async fn find(
    tx: &Tx,
    wanted: Vec<(&job::Model, &Items)>,
) -> Result<HashMap<String, FoundItems>> {
    // A job with items has at least as many shots, but the count of an imported job may be wrong.
    let wanted: Vec<_> = wanted
        .into_iter()
        .filter(|(job, items)| {
            matches!(items, Items::Named { .. }) || job.total_shots > 0 || job.source.is_some()
        })
        .collect();
    let ids = |of: fn(&Items) -> bool| -> Vec<&str> {
        wanted
            .iter()
            .filter(|(_, items)| of(items))
            .map(|(job, _)| job.id.as_str())
            .collect()
    };
    let mut found: HashMap<String, FoundItems> = HashMap::new();
    for item in ordered(tx, &ids(|items| matches!(items, Items::All)), false).await? {
        let of_job = found.entry(item.job_id.clone()).or_default();
        of_job.count = item.idx.saturating_add(1);
        of_job.done += i32::from(matches!(
            item.status,
            ItemStatus::Completed | ItemStatus::Skipped
        ));
        of_job.items.push(item);
    }
    for (id, last, done) in counts(
        tx,
        &ids(|items| matches!(items, Items::Counted | Items::Open)),
    )
    .await?
    {
        let of_job = found.entry(id).or_default();
        // Positions run from 0 without gaps.
        (of_job.count, of_job.done) = (
            last.saturating_add(1),
            i32::try_from(done).unwrap_or(i32::MAX),
        );
    }
    for item in ordered(tx, &ids(|items| matches!(items, Items::Open)), true).await? {
        found
            .entry(item.job_id.clone())
            .or_default()
            .items
            .push(item);
    }
    for (job, items) in &wanted {
        if let Items::Named { keys, indexes } = items {
            found.insert(job.id.clone(), reported(tx, job, keys, indexes).await?);
        }
    }
    Ok(found)
}

/// Returns the items that a report is about. The others, of which there may be ten thousand, are
/// not counted: the job has the number of done ones, unless it was imported with the count of its
/// source.
async fn reported(
    tx: &Tx,
    job: &job::Model,
    keys: &[String],
    indexes: &[i32],
) -> Result<FoundItems> {
    let items = named(tx, &job.id, keys, indexes).await?;
    if job.source.is_some() {
        let counted = counts(tx, &[&job.id]).await?.pop();
        let (count, done) =
            counted.map_or((0, 0), |(_, last, done)| (last.saturating_add(1), done));
        return Ok(FoundItems {
            items,
            count,
            done: i32::try_from(done).unwrap_or(i32::MAX),
        });
    }
    let last: Option<i32> = job_item::Entity::find()
        .select_only()
        .column(job_item::Column::Idx)
        .filter(job_item::Column::JobId.eq(&job.id))
        .order_by_desc(job_item::Column::Idx)
        .limit(1)
        .into_tuple()
        .row(tx)
        .await?;
    Ok(match last {
        Some(last) => FoundItems {
            items,
            count: last.saturating_add(1),
            done: job.completed_shots,
        },
        None => FoundItems {
            items,
            count: 0,
            done: 0,
        },
    })
}

/// Returns the items with one of the keys or positions, by one index each. One condition for both
/// would search all items of the job.
async fn named(
    tx: &Tx,
    job_id: &str,
    keys: &[String],
    indexes: &[i32],
) -> Result<Vec<job_item::Model>> {
    let of_job = || job_item::Entity::find().filter(job_item::Column::JobId.eq(job_id));
    let mut items = Vec::new();
    if !keys.is_empty() {
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let by_key = bulk::is_one_of(
            tx.get_database_backend(),
            Expr::col(job_item::Column::Key),
            &keys,
        );
        items = of_job().filter(by_key).rows(tx).await?;
    }
    if !indexes.is_empty() {
        let known: HashSet<i32> = items.iter().map(|item| item.idx).collect();
        let by_index = of_job()
            .filter(job_item::Column::Idx.is_in(indexes.iter().copied()))
            .rows(tx)
            .await?;
        items.extend(
            by_index
                .into_iter()
                .filter(|item| !known.contains(&item.idx)),
        );
    }
    items.sort_by_key(|item| item.idx);
    Ok(items)
}

/// Returns the items of the jobs in order: all of them, or those that have not ended.
async fn ordered(tx: &Tx, jobs: &[&str], open: bool) -> Result<Vec<job_item::Model>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let of_jobs = bulk::is_one_of(
        tx.get_database_backend(),
        Expr::col(job_item::Column::JobId),
        jobs,
    );
    let unended = job_item::Column::Status.is_in([ItemStatus::Pending, ItemStatus::Processing]);
    let items = job_item::Entity::find()
        .filter(of_jobs)
        .filter(Condition::all().add_option(open.then_some(unended)));
    Ok(items
        .order_by_asc(job_item::Column::JobId)
        .order_by_asc(job_item::Column::Idx)
        .rows(tx)
        .await?)
}

/// Returns, for each job that has items, the last position and the number of done items.
async fn counts(tx: &Tx, jobs: &[&str]) -> Result<Vec<(String, i32, i64)>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let of_jobs = bulk::is_one_of(
        tx.get_database_backend(),
        Expr::col(job_item::Column::JobId),
        jobs,
    );
    let done = job_item::Column::Status.is_in([ItemStatus::Completed, ItemStatus::Skipped]);
    let done = Func::count(Expr::case(done, 1).finally(Option::<i32>::None));
    let counts = job_item::Entity::find()
        .select_only()
        .column(job_item::Column::JobId)
        .column_as(job_item::Column::Idx.max(), "last")
        .expr_as(done, "done")
        .filter(of_jobs)
        .group_by(job_item::Column::JobId);
    Ok(counts.into_tuple().rows(tx).await?)
}

/// Writes the items of several jobs, each given as the items found before and the new state: an
/// item that was found is updated, any other inserted.
pub async fn write(
    tx: &Tx,
    changed: Vec<(Vec<job_item::Model>, Vec<job_item::Model>)>,
) -> Result<()> {
    let (mut known, mut new) = (Vec::new(), Vec::new());
    for (before, after) in changed {
        let before: HashSet<i32> = before.iter().map(|item| item.idx).collect();
        for item in after {
            let list = if before.contains(&item.idx) {
                &mut known
            } else {
                &mut new
            };
            list.push(item);
        }
    }
    let key = [job_item::Column::JobId, job_item::Column::Idx];
    let others = job_item::Column::iter()
        .filter(|c| !matches!(c, job_item::Column::JobId | job_item::Column::Idx));
    let columns: Vec<_> = key.into_iter().chain(others).collect();
    bulk::update::<job_item::Entity>(tx, key.len(), &columns, &known).await?;
    bulk::insert::<job_item::Entity, _>(tx, &new).await?;
    Ok(())
}

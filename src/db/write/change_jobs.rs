//! Changing many jobs in one transaction, each as [`super::ChangeJob`] changes one, by a handful of statements however
//! many there are.

use super::{Change, Changed, Loaded, change_job::step, insert_events, sets};
use crate::{
    db::{Tx, Write, dialect},
    error::{Error, Result, Thing},
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, job, job_event, job_item};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement, Value,
    sea_query::{Expr, ExprTrait, LockType},
};
use std::collections::HashMap;

/// Which jobs are to be changed.
pub enum Which {
    /// Those with these ids, in this order; an id may stand twice.
    Named(Vec<String>),
    /// At most so many of those whose lease has run out, but for those that another transaction is about to change.
    Expired { by: DateTime<Utc>, limit: u64 },
}

/// Decides of one job from the rows alone. `None` leaves it as it is. Items that have ended are counted, the others are
/// there. The position is that in [`Which::Named`].
pub type DecideEach = Box<dyn Fn(usize, &Loaded) -> Result<Option<Change>> + Send + Sync>;

pub struct ChangeJobs {
    pub which: Which,
    pub decide: DecideEach,
}

/// What an ending writes of a row.
const COLUMNS: [job::Column; 18] = {
    use job::Column as C;
    [
        C::Status,
        C::Progress,
        C::CurrentStage,
        C::ErrorMessage,
        C::TotalShots,
        C::CompletedShots,
        C::UpdatedAt,
        C::CompletedAt,
        C::RunAt,
        C::Attempt,
        C::WorkerId,
        C::LeaseToken,
        C::LeaseExpiresAt,
        C::CancelRequestedAt,
        C::Version,
        C::StatusSince,
        C::LastLeaseToken,
        C::ResultData,
    ]
};

impl Write for ChangeJobs {
    /// One for each job that was named, or found.
    type Output = Vec<Answer>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        let (ids, jobs) = match &self.which {
            Which::Named(ids) => (ids.clone(), lock_named(tx, ids).await?),
            Which::Expired { by, limit } => {
                let jobs = lock_expired(tx, *by, *limit).await?;
                (jobs.iter().map(|job| job.id.clone()).collect(), jobs)
            }
        };
        let mut rows = load(tx, jobs).await?;
        let mut events = Vec::new();
        let answers = ids.into_iter().enumerate().map(|(i, id)| match rows.get_mut(&id) {
            Some(row) => Answer {
                worker_before: row.now.job.worker_id.clone(),
                outcome: row.change(|loaded| (self.decide)(i, loaded), &mut events),
            },
            None => Answer { worker_before: None, outcome: Err(Error::NotFound(Thing::Job)) },
        });
        let answers: Vec<_> = answers.collect();
        write(tx, rows.into_values().filter(|row| row.changed).collect()).await?;
        insert_events(tx, events).await?;
        Ok(answers)
    }
}

/// What came of one job.
pub struct Answer {
    /// Who held it.
    pub worker_before: Option<String>,
    /// The job comes without its large columns.
    pub outcome: Result<Changed>,
}

/// A job as it becomes, decision by decision.
struct Row {
    now: Loaded,
    changed: bool,
    items: Vec<job_item::Model>,
}

impl Row {
    fn change(
        &mut self,
        decide: impl Fn(&Loaded) -> Result<Option<Change>>,
        events: &mut Vec<job_event::ActiveModel>,
    ) -> Result<Changed> {
        let Some(mut change) = decide(&self.now)? else {
            return Ok(Changed { job: self.now.job.clone(), changed: false });
        };
        events.extend(step(&self.now.job, &mut change.job, change.events));
        self.items.extend(change.items);
        // All that a decision ends: a second one of the same call finds none of them open.
        self.now.items.clear();
        self.now.job = change.job.clone();
        self.changed = true;
        Ok(Changed { job: change.job, changed: true })
    }
}

/// In the order of their ids, so that two calls with the same jobs do not wait for each other.
async fn lock_named(tx: &Tx, ids: &[String]) -> Result<Vec<job::Model>, DbErr> {
    let named = light().filter(sets::one_of(tx.get_database_backend(), "id", ids));
    named.order_by_asc(job::Column::Id).lock(LockType::Update).all(tx).await
}

/// There is a job whose lease has run out by then.
pub async fn expired(db: &impl ConnectionTrait, by: DateTime<Utc>) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = dialect::claims::any_expired(backend);
    let found = db.query_one_raw(Statement::from_sql_and_values(backend, sql, [Value::from(by)])).await?;
    Ok(found.is_some())
}

async fn lock_expired(tx: &Tx, by: DateTime<Utc>, limit: u64) -> Result<Vec<job::Model>, DbErr> {
    let backend = tx.get_database_backend();
    let columns: Vec<_> = job::Column::iter()
        .map(|column| match is_large(&column) {
            true => format!("NULL AS \"{}\"", column.as_str()),
            false => format!("\"{}\"", column.as_str()),
        })
        .collect();
    let sql = dialect::claims::expired(backend, &columns.join(", "));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = Statement::from_sql_and_values(backend, sql, [Value::from(by), limit.into()]);
    job::Entity::find().from_raw_sql(found).all(tx).await
}

fn is_large(column: &job::Column) -> bool {
    use job::Column as C;
    matches!(column, C::Content | C::UserRequirement | C::RequestData | C::Context | C::Labels | C::ResultData)
}

/// What an ending is not interested in comes as null.
pub fn light() -> Select<job::Entity> {
    let mut query = job::Entity::find().select_only();
    for column in job::Column::iter() {
        query = match is_large(&column) {
            true => query.expr_as(Expr::cust("NULL"), column.as_str().to_owned()),
            false => query.column(column),
        };
    }
    query
}

async fn load(tx: &Tx, jobs: Vec<job::Model>) -> Result<HashMap<String, Row>, DbErr> {
    #[derive(FromQueryResult)]
    struct Tally {
        job_id: String,
        items: i64,
        done: i64,
    }
    use job_item::Column as C;
    let may_have = |job: &&job::Model| job.total_shots > 0 || job.source.is_some();
    let ids: Vec<String> = jobs.iter().filter(may_have).map(|job| job.id.clone()).collect();
    let row = |job: job::Model| {
        let now = Loaded { items: Vec::new(), item_count: 0, done_count: 0, job };
        (now.job.id.clone(), Row { now, changed: false, items: Vec::new() })
    };
    let mut rows: HashMap<String, Row> = jobs.into_iter().map(row).collect();
    if ids.is_empty() {
        return Ok(rows);
    }
    let of_jobs = || job_item::Entity::find().filter(sets::one_of(tx.get_database_backend(), "job_id", &ids));
    let done = C::Status.is_in([ItemStatus::Completed, ItemStatus::Skipped]);
    let tallies = of_jobs()
        .select_only()
        .column(C::JobId)
        .column_as(C::Idx.count(), "items")
        .column_as(Expr::case(done, 1).finally(0).sum(), "done")
        .group_by(C::JobId);
    for tally in tallies.into_model::<Tally>().all(tx).await? {
        let Some(row) = rows.get_mut(&tally.job_id) else { continue };
        row.now.item_count = i32::try_from(tally.items).unwrap_or(i32::MAX);
        row.now.done_count = i32::try_from(tally.done).unwrap_or(i32::MAX);
    }
    let open = C::Status.is_in([ItemStatus::Pending, ItemStatus::Processing]);
    for item in of_jobs().filter(open).order_by_asc(C::JobId).order_by_asc(C::Idx).all(tx).await? {
        if let Some(row) = rows.get_mut(&item.job_id) {
            row.now.items.push(item);
        }
    }
    Ok(rows)
}

async fn write(tx: &Tx, mut rows: Vec<Row>) -> Result<(), DbErr> {
    use job_item::Column as C;
    let items: Vec<_> = rows.iter_mut().flat_map(|row| std::mem::take(&mut row.items)).collect();
    let ended = [C::Status, C::UpdatedAt, C::CompletedAt];
    sets::update::<job_item::Entity>(tx, &[C::JobId, C::Idx], &ended, &items).await?;
    let jobs = rows.into_iter().map(|row| row.now.job);
    // The result was not read, and stays as it is where no new one came.
    let (with_result, without): (Vec<_>, Vec<_>) = jobs.partition(|job| job.result_data.is_some());
    let Some((_, no_result)) = COLUMNS.split_last() else { return Ok(()) };
    sets::update::<job::Entity>(tx, &[job::Column::Id], &COLUMNS, &with_result).await?;
    sets::update::<job::Entity>(tx, &[job::Column::Id], no_result, &without).await
}

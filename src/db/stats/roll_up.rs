//! Follower that rolls events up into `job_stats`.

use crate::{
    db::{
        Part, Readable, Tx,
        events::{
            follow::Follower,
            positions::{lock_position, position, set_position},
        },
        page,
        rows::bulk,
    },
    error::Result,
    lifecycle::{BucketSize, Tally},
};
use chrono::{DateTime, Utc};
use entity::{job_event, job_stat, position::STATS};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict as Conflict},
};
use std::collections::BTreeMap;

/// Follower that counts events.
#[derive(Clone)]
pub struct RollUp {
    /// Time before which statistics are not stored.
    pub keep_since: DateTime<Utc>,
}

/// Columns of an event that statistics need.
#[derive(FromQueryResult)]
pub struct StatEvent {
    pub id: i64,
    pub kind: String,
    pub job_type: Option<String>,
    pub seconds: Option<f64>,
    pub created_at: DateTime<Utc>,
}

/// Counts of events by time span and job type.
pub type Tallies = BTreeMap<(BucketSize, DateTime<Utc>, String), Tally>;

impl Follower for RollUp {
    const PAGE: u64 = 5000;
    type Event = StatEvent;

    fn name(&self) -> &str {
        STATS
    }

    fn position_of(event: &StatEvent) -> i64 {
        event.id
    }

    async fn lock(&self, tx: &Tx) -> Result<Option<i64>> {
        Ok(Some(lock_position(tx, STATS).await?))
    }

    async fn read(&self, tx: &Tx, from: i64, upto: i64, limit: u64) -> Result<Part<StatEvent>> {
        let events = counted(from).filter(job_event::Column::Id.lte(upto));
        let rows: Vec<StatEvent> = page(events, limit, tx).await?;
        let more = rows.len() as u64 == limit;
        Ok(Part { rows, more })
    }

    async fn act(&self, tx: &Tx, events: &[StatEvent]) -> Result<()> {
        let kept = |event: &&StatEvent| event.created_at >= self.keep_since;
        add_all(tx, events.iter().filter(kept)).await
    }

    async fn reach(&self, tx: &Tx, position: i64, more: bool) -> Result<()> {
        if !more {
            let old = job_stat::Column::Start.lt(self.keep_since);
            let of_units = job_stat::Column::Unit.is_in(BucketSize::ALL.map(BucketSize::seconds));
            job_stat::Entity::delete_many()
                .filter(of_units)
                .filter(old)
                .exec(tx)
                .await?;
        }
        Ok(set_position(tx, STATS, position).await?)
    }
}

/// Rolls up the remaining events of jobs whose history is about to be deleted, because they could
/// not be counted later.
pub(in crate::db) async fn count_before_they_go(tx: &Tx, job_ids: &[&str]) -> Result<()> {
    let of_jobs = |from| {
        let job_id = Expr::col(job_event::Column::JobId);
        counted(from)
            .filter(bulk::is_one_of(tx.get_database_backend(), job_id, job_ids))
            .into_model::<StatEvent>()
    };
    if of_jobs(position(tx, STATS).await?)
        .rows(tx)
        .await?
        .is_empty()
    {
        return Ok(());
    }
    // A job is young, and a roll-up may be counting the same events: the second one to lock the
    // position sees the work of the first.
    let events = of_jobs(lock_position(tx, STATS).await?).rows(tx).await?;
    add_all(tx, events.iter()).await
}

async fn add_all(tx: &Tx, events: impl Iterator<Item = &StatEvent>) -> Result<()> {
    let mut tallies = Tallies::new();
    events.for_each(|event| tally(&mut tallies, event, &BucketSize::ALL));
    for ((unit, start, job_type), tally) in tallies {
        add(tx, unit, start, job_type, tally).await?;
    }
    Ok(())
}

/// Selects the events after a position that count, in order.
pub fn counted(position: i64) -> sea_orm::Select<job_event::Entity> {
    use job_event::Column as C;
    job_event::Entity::find()
        .select_only()
        .columns([C::Id, C::Kind, C::JobType, C::Seconds, C::CreatedAt])
        .filter(C::Id.gt(position))
        .filter(C::Kind.is_in(Tally::KINDS.map(crate::lifecycle::EventKind::as_str)))
        .order_by_asc(C::Id)
}

/// Counts the event in the time spans in which it happened.
pub fn tally(tallies: &mut Tallies, event: &StatEvent, units: &[BucketSize]) {
    // Only events of jobs that were deleted long ago have no type.
    let Some(job_type) = &event.job_type else {
        return;
    };
    for unit in units {
        let span = (*unit, unit.start_of(event.created_at), job_type.clone());
        tallies
            .entry(span)
            .or_default()
            .add(&event.kind, event.seconds);
    }
}

async fn add(
    tx: &impl ConnectionTrait,
    unit: BucketSize,
    start: DateTime<Utc>,
    job_type: String,
    new: Tally,
) -> Result<()> {
    let key = (unit.seconds(), start, job_type.clone());
    // An unreadable row starts again from zero; otherwise no later event would be counted.
    let counted = job_stat::Entity::find_by_id(key).rows(tx).await?.pop();
    let mut tally = counted.map_or_else(Tally::default, Tally::from);
    tally.merge(&new);
    let row = job_stat::Model {
        unit: unit.seconds(),
        start,
        job_type,
        created: tally.created,
        started: tally.started,
        completed: tally.completed,
        failed: tally.failed,
        cancelled: tally.cancelled,
        retried: tally.retried,
        waits: tally.waits.to_json(),
        runs: tally.runs.to_json(),
    };
    use job_stat::Column as C;
    let key = [C::Unit, C::Start, C::JobType];
    let conflict = Conflict::columns(key)
        .update_columns(C::iter().filter(|c| !key.iter().any(|k| same(*k, *c))))
        .to_owned();
    job_stat::Entity::insert(row.into_active_model())
        .on_conflict(conflict)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn same(a: job_stat::Column, b: job_stat::Column) -> bool {
    sea_orm::IdenStatic::as_str(&a) == sea_orm::IdenStatic::as_str(&b)
}

impl From<job_stat::Model> for Tally {
    fn from(row: job_stat::Model) -> Self {
        use crate::lifecycle::Histogram;
        Self {
            created: row.created,
            started: row.started,
            completed: row.completed,
            failed: row.failed,
            cancelled: row.cancelled,
            retried: row.retried,
            waits: Histogram::from_json(&row.waits),
            runs: Histogram::from_json(&row.runs),
        }
    }
}

//! Work that no process takes on: jobs, queues, actions and imports that wait in vain.

use super::Inspector;
use crate::db::{
    Readable,
    dialect::{claims, is_processing},
    rows::bulk,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    JobStatus, api_key,
    import::{self, ImportStatus},
    job,
    job_action::{self, ActionStatus},
    job_count, job_event, position, queue, worker,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, sea_query::Expr,
};
use std::collections::{BTreeMap, BTreeSet};

/// Time since the last call within which a worker counts as one that claims.
const WORKER_CALLED: TimeDelta = TimeDelta::minutes(10);

/// Work that does not go on.
#[derive(Clone, Debug, Default)]
pub struct WorkFacts {
    /// Jobs whose lease, or whose longest run, ended before the given time.
    pub expired: u64,
    /// Jobs without a lease that were silent since the given time.
    pub silent: u64,
    /// Jobs whose workers ignore a request to cancel.
    pub cancel_ignored: u64,
    /// Paused types with queued jobs, and their number.
    pub paused: Vec<(String, i64)>,
    /// Types with a due job for which no worker asks.
    pub unclaimed: Vec<WaitingType>,
    /// Time of the oldest event that the statistics do not count yet.
    pub uncounted_since: Option<DateTime<Utc>>,
}

/// Type whose jobs wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingType {
    pub job_type: String,
    pub due_since: DateTime<Utc>,
}

/// Ids of runs whose process gave no sign of life since the given time.
#[derive(Clone, Debug, Default)]
pub struct Orphans {
    pub actions: Vec<String>,
    pub imports: Vec<String>,
}

impl Inspector {
    /// Looks for work that does not go on. Leases count that ended before `expired`, jobs without
    /// one that were silent since `silent`, and requests to cancel that were made before
    /// `cancelled`.
    pub async fn work(
        &self,
        now: DateTime<Utc>,
        expired: DateTime<Utc>,
        silent: DateTime<Utc>,
        cancelled: DateTime<Utc>,
    ) -> Result<WorkFacts, DbErr> {
        use job::Column as C;
        let processing = |condition: Condition| {
            let jobs = job::Entity::find().filter(is_processing());
            jobs.filter(condition).count(&self.conn)
        };
        let any = Condition::any;
        let all = Condition::all;
        let is_over = any()
            .add(C::LeaseExpiresAt.lt(expired))
            .add(C::RunUntil.lt(expired));
        let is_silent = all()
            .add(C::LeaseExpiresAt.is_null())
            .add(C::UpdatedAt.lt(silent));
        let is_ignored = all().add(C::CancelRequestedAt.lt(cancelled));
        let queued = self.queued_by_type().await?;
        let paused = self.paused().await?;
        let waiting = queued.keys().filter(|one| !paused.contains(*one));
        let waiting: Vec<&str> = waiting.map(String::as_str).collect();
        let is_paused = |(job_type, _): &(String, i64)| paused.contains(job_type);
        Ok(WorkFacts {
            expired: processing(is_over).await?,
            silent: processing(is_silent).await?,
            cancel_ignored: processing(is_ignored).await?,
            unclaimed: self.unclaimed(&waiting, now).await?,
            paused: queued.clone().into_iter().filter(is_paused).collect(),
            uncounted_since: self.uncounted_since().await?,
        })
    }

    async fn queued_by_type(&self) -> Result<BTreeMap<String, i64>, DbErr> {
        use job_count::Column as C;
        let rows: Vec<(String, i64)> = job_count::Entity::find()
            .select_only()
            .column(C::JobType)
            .expr(Expr::cust("CAST(SUM(jobs) AS bigint)"))
            .filter(C::Status.eq(JobStatus::Queued))
            .group_by(C::JobType)
            .into_tuple()
            .rows(&self.conn)
            .await?;
        Ok(rows.into_iter().filter(|(_, jobs)| *jobs > 0).collect())
    }

    async fn paused(&self) -> Result<BTreeSet<String>, DbErr> {
        let names = queue::Entity::find()
            .select_only()
            .column(queue::Column::JobType)
            .filter(queue::Column::Paused.eq(true))
            .into_tuple()
            .rows(&self.conn)
            .await?;
        Ok(names.into_iter().collect())
    }

    /// Returns those of the types with a due job that no worker named in its last claim.
    async fn unclaimed(
        &self,
        types: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Vec<WaitingType>, DbErr> {
        let workers = worker::Entity::find()
            .filter(worker::Column::LastSeenAt.gte(now - WORKER_CALLED))
            .rows(&self.conn)
            .await?;
        let named: BTreeSet<String> = workers
            .into_iter()
            .filter_map(|worker| serde_json::from_value::<Vec<String>>(worker.job_types?).ok())
            .flatten()
            .collect();
        let backend = self.conn.get_database_backend();
        let list = bulk::list(backend, types);
        let query =
            Statement::from_sql_and_values(backend, claims::due_heads(backend), [list.into()]);
        let mut due: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
        for row in self.conn.query_all_raw(query).await? {
            let (job_type, since): (String, DateTime<Utc>) =
                (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
            let first = due.entry(job_type).or_insert(since);
            *first = since.min(*first);
        }
        let unclaimed = due
            .into_iter()
            .filter(|(job_type, since)| *since <= now && !named.contains(job_type))
            .map(|(job_type, due_since)| WaitingType {
                job_type,
                due_since,
            });
        Ok(unclaimed.collect())
    }

    async fn uncounted_since(&self) -> Result<Option<DateTime<Utc>>, DbErr> {
        let reached = position::Entity::find_by_id(position::STATS)
            .row(&self.conn)
            .await?
            .map_or(0, |position| position.position);
        job_event::Entity::find()
            .select_only()
            .column(job_event::Column::CreatedAt)
            .filter(job_event::Column::Id.gt(reached))
            .order_by_asc(job_event::Column::Id)
            .limit(1)
            .into_tuple()
            .row(&self.conn)
            .await
    }

    /// Returns whether a key was ever made: from the first one on every call needs one.
    pub async fn has_keys(&self) -> Result<bool, DbErr> {
        let key = api_key::Entity::find()
            .select_only()
            .column(api_key::Column::Id)
            .limit(1)
            .into_tuple::<String>();
        Ok(key.row(&self.conn).await?.is_some())
    }

    /// Returns the running actions and imports whose process was silent since this time.
    pub async fn orphans(&self, silent_since: DateTime<Utc>) -> Result<Orphans, DbErr> {
        use import::Column as I;
        use job_action::Column as A;
        let actions = job_action::Entity::find()
            .select_only()
            .column(A::Id)
            .filter(A::Status.eq(ActionStatus::Running))
            .filter(A::CreatedAt.lt(silent_since))
            .filter(
                Condition::any()
                    .add(A::HeartbeatAt.is_null())
                    .add(A::HeartbeatAt.lt(silent_since)),
            );
        let imports = import::Entity::find()
            .select_only()
            .column(I::Id)
            .filter(I::Status.eq(ImportStatus::Running))
            .filter(I::StartedAt.lt(silent_since))
            .filter(
                Condition::any()
                    .add(I::HeartbeatAt.is_null())
                    .add(I::HeartbeatAt.lt(silent_since)),
            );
        Ok(Orphans {
            actions: actions.into_tuple().rows(&self.conn).await?,
            imports: imports.into_tuple().rows(&self.conn).await?,
        })
    }
}

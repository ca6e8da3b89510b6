//! Claims: gives the due jobs that are first in order to a worker, each with a lease.

use crate::{
    clock::Clock,
    db::{
        Database, Readable, Tx, Write, dialect,
        events::{event, write_events},
        jobs::claim::{
            claim_size::{ItemsOf, items_that_fit},
            queue_head::{LockMode, due, fitting_jobs, priorities, select_due, texts},
        },
        rows::bulk,
    },
    error::Result,
    lifecycle::EventKind,
    random::Random,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{JobStatus, job, job_item, queue};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement, Value,
    sea_query::{Expr, LockType},
};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

/// Maximum items, or announced shots, of the jobs of one claim, unless the first job alone has
/// more. The response holds all of them, and a thousand jobs of ten thousand items would not fit
/// into memory.
const MAX_ITEMS: i64 = 20_000;

pub struct ClaimJobs {
    pub worker_id: String,
    /// Job types without duplicates.
    pub job_types: Vec<String>,
    pub max_jobs: usize,
    pub lease: TimeDelta,
    /// Clock that starts the leases. A lease starts when it is granted, not when the worker asked
    /// for it: the write may have waited for its turn.
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Random>,
}

/// Job that a worker has claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Job with its lease.
    pub job: job::Model,
    /// All items of the job, in order.
    pub items: Vec<job_item::Model>,
}

impl Write for ClaimJobs {
    /// Claimed jobs, in the order in which to work on them.
    type Output = Vec<Claimed>;

    async fn apply(&self, tx: &Tx) -> Result<Vec<Claimed>> {
        let now = self.clock.now();
        let mut room = self.capacity(tx).await?;
        let (mut found, mut bytes) = (Vec::new(), 0);
        for (priority, types) in due(priorities(tx, &self.job_types).await?, now) {
            let asked = types
                .iter()
                .filter_map(|kind| Some((kind.as_str(), *room.get(kind)?)))
                .collect::<Vec<_>>();
            let left = self.max_jobs - found.len();
            let (fit, cut) = fitting_jobs(tx, priority, now, &asked, left, &mut bytes).await?;
            let jobs = select_due(tx, priority, now, &asked, fit, LockMode::Lock).await?;
            for job in &jobs {
                room.entry(job.job_type.clone())
                    .and_modify(|room| *room -= 1);
            }
            found.extend(jobs);
            if found.len() >= self.max_jobs || cut {
                break;
            }
        }
        found.truncate(that_fit(&found));
        let items = items_that_fit(tx, &mut found).await?;
        self.assign(tx, found, items, now).await
    }
}

/// Number of leading jobs that stay within [`MAX_ITEMS`] together; the first always does.
fn that_fit(jobs: &[job::Model]) -> usize {
    let mut items = 0;
    let fits = |(place, job): (usize, &job::Model)| {
        items += i64::from(job.total_shots);
        place == 0 || items <= MAX_ITEMS
    };
    jobs.iter()
        .enumerate()
        .map(fits)
        .take_while(|fits| *fits)
        .count()
}

impl ClaimJobs {
    /// Returns how many jobs of each type may be claimed, without paused types. Locks the row of a
    /// queue that has a limit, so that claims of its type run one after the other and each counts
    /// the jobs that the one before gave out.
    async fn capacity(&self, tx: &Tx) -> Result<HashMap<String, usize>> {
        let backend = tx.get_database_backend();
        let set = |types: &[&str]| {
            queue::Entity::find().filter(bulk::is_one_of(
                backend,
                Expr::col(queue::Column::JobType),
                types,
            ))
        };
        let mut room: HashMap<String, usize> = self
            .job_types
            .iter()
            .map(|kind| (kind.clone(), self.max_jobs))
            .collect();
        let queues = set(&texts(&self.job_types)).rows(tx).await?;
        let limited: Vec<&str> = queues
            .iter()
            .filter(|queue| queue.max_running.is_some())
            .map(|queue| queue.job_type.as_str())
            .collect();
        let locked = if limited.is_empty() {
            Vec::new()
        } else {
            set(&limited)
                .order_by_asc(queue::Column::JobType)
                .lock(LockType::Update)
                .rows(tx)
                .await?
        };
        let running = running(tx, &limited).await?;
        for queue in queues.iter().chain(&locked) {
            if queue.paused {
                room.remove(&queue.job_type);
            }
        }
        for queue in locked {
            let Some(most) = queue
                .max_running
                .and_then(|most| usize::try_from(most).ok())
            else {
                continue;
            };
            let left =
                most.saturating_sub(running.get(&queue.job_type).copied().unwrap_or_default());
            room.entry(queue.job_type)
                .and_modify(|room| *room = left.min(*room));
        }
        room.retain(|_, room| *room > 0);
        Ok(room)
    }

    async fn assign(
        &self,
        tx: &Tx,
        jobs: Vec<job::Model>,
        mut items: ItemsOf,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let given: Vec<job::Model> = jobs.iter().map(|job| self.given(job, now)).collect();
        self.write(tx, &given, now).await?;
        let event_data =
            |job: &job::Model| json!({"attempt": job.attempt, "worker_id": job.worker_id});
        let started = |(before, job): (&job::Model, &job::Model)| {
            event(Some(before), job, EventKind::Started, Some(event_data(job)))
        };
        let events: Vec<_> = jobs.iter().zip(&given).map(started).collect();
        write_events(tx, &events).await?;
        let claimed = |job: job::Model| Claimed {
            items: items.remove(&job.id).unwrap_or_default(),
            job,
        };
        Ok(given.into_iter().map(claimed).collect())
    }

    /// Returns the row as the statement of `claims::assign` leaves it.
    fn given(&self, before: &job::Model, now: DateTime<Utc>) -> job::Model {
        job::Model {
            status: JobStatus::Processing,
            // Jobs whose counters are at their maximum are not selected.
            attempt: before.attempt.saturating_add(1),
            version: before.version.saturating_add(1),
            started_at: before.started_at.or(Some(now)),
            status_since: Some(now),
            updated_at: now,
            worker_id: Some(self.worker_id.clone()),
            lease_token: Some(self.chance.id()),
            lease_expires_at: Some(now + self.lease),
            last_lease_token: None,
            error_message: None,
            ..before.clone()
        }
    }

    async fn write(&self, tx: &Tx, given: &[job::Model], now: DateTime<Utc>) -> Result<(), DbErr> {
        let backend = tx.get_database_backend();
        let tokens = || {
            given
                .iter()
                .filter_map(|job| Some((job.id.as_str(), job.lease_token.as_deref()?)))
        };
        let mut values: Vec<Value> = vec![
            self.worker_id.as_str().into(),
            (now + self.lease).into(),
            now.into(),
        ];
        if dialect::rows::takes_arrays(backend) {
            let (ids, tokens): (Vec<_>, Vec<_>) = tokens().unzip();
            values.extend([
                bulk::list(backend, &ids).into(),
                bulk::list(backend, &tokens).into(),
            ]);
        } else {
            values.push(json!(tokens().collect::<Vec<_>>()).to_string().into())
        }
        let sql = dialect::claims::assign(backend);
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        Ok(())
    }
}

/// Returns the statements of a claim of these types, with sample values, so that their query plans
/// can be inspected.
pub fn claim_statements(
    db: &Database,
    types: &[String],
    now: DateTime<Utc>,
    limit: i64,
) -> Vec<(&'static str, Statement)> {
    let backend = db.read().get_database_backend();
    let list = bulk::list(backend, &texts(types));
    let mut picked: Vec<Value> = vec![0i16.into(), now.into(), limit.into()];
    types
        .iter()
        .for_each(|kind| picked.extend([Value::from(kind.as_str()), limit.into()]));
    let given: Vec<Value> = if dialect::rows::takes_arrays(backend) {
        let one = bulk::list(backend, &["job-1"]);
        vec![
            "w".into(),
            now.into(),
            now.into(),
            one.clone().into(),
            one.into(),
        ]
    } else {
        vec![
            "w".into(),
            now.into(),
            now.into(),
            json!([["job-1", "token"]]).to_string().into(),
        ]
    };
    let statement =
        |sql: String, values: Vec<Value>| Statement::from_sql_and_values(backend, sql, values);
    vec![
        (
            "the queues",
            statement(
                dialect::claims::priorities(backend),
                vec![list.clone().into()],
            ),
        ),
        (
            "the jobs",
            statement(
                dialect::claims::select_due(backend, types.len(), "id, run_at, created_at", true),
                picked,
            ),
        ),
        (
            "the claim",
            statement(dialect::claims::assign(backend), given),
        ),
        (
            "what runs",
            statement(dialect::claims::running(backend), vec![list.into()]),
        ),
        (
            "leases that ran out",
            statement(
                dialect::claims::expired(backend),
                vec![now.into(), limit.into(), 0i64.into()],
            ),
        ),
        (
            "any that ran out",
            statement(dialect::claims::any_expired(backend), vec![now.into()]),
        ),
    ]
}

/// Counts the running jobs of each of these types.
pub async fn running(
    db: &impl ConnectionTrait,
    types: &[&str],
) -> Result<HashMap<String, usize>, DbErr> {
    #[derive(FromQueryResult)]
    struct Running {
        job_type: String,
        running: i64,
    }
    if types.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = db.get_database_backend();
    let list = bulk::list(backend, types);
    let asked =
        Statement::from_sql_and_values(backend, dialect::claims::running(backend), [list.into()]);
    let rows = Running::find_by_statement(asked).rows(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.job_type,
                usize::try_from(row.running).unwrap_or_default(),
            )
        })
        .collect())
}

//! Claims: gives the due jobs that are first in order to a worker, each with a lease.

use crate::{
    clock::Clock,
    db::{
        Database, Readable, Tx, Write,
        dialect::{self, claims::Source},
        events::{event, write_events},
        jobs::claim::{
            claim_size::{ItemsOf, items_that_fit},
            claimed_before,
            queue_head::{LockMode, due, first_sources, fitting_jobs, levels, select_due, texts},
        },
        jobs::job_tokens::{NewJobToken, give_tokens},
        rows::bulk,
        writer::by,
    },
    error::Result,
    lifecycle::EventKind,
    random::Random,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
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
    /// Id of the call. A call with the same id, of the same worker, gets the same jobs again.
    pub claim_id: Option<String>,
    /// Clock that starts the leases. A lease starts when it is granted, not when the worker asked
    /// for it: the write may have waited for its turn.
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Random>,
    /// Makes a token for the program of each job; `None` if the worker wants none.
    pub new_token: Option<NewJobToken>,
}

/// Job that a worker has claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Job with its lease.
    pub job: job::Model,
    /// All items of the job, in order.
    pub items: Vec<job_item::Model>,
    /// Text of the token for the job's program, if the worker asked for one.
    pub job_token: Option<String>,
}

impl Write for ClaimJobs {
    /// Claimed jobs, in the order in which to work on them.
    type Output = Vec<Claimed>;

    async fn apply(&self, tx: &Tx) -> Result<Vec<Claimed>> {
        let now = self.clock.now();
        if let Some(claim_id) = &self.claim_id {
            claimed_before::lock(tx, claim_id).await?;
            let again = claimed_before::claim_again(tx, self, claim_id, now).await?;
            if !again.is_empty() {
                return self.with_tokens(tx, again, now).await;
            }
        }
        let by = tx.by();
        let labels = by.as_ref().map_or(&[][..], |caller| &caller.binding.labels);
        let (mut room, limits) = self.capacity(tx).await?;
        let (mut found, mut bytes, mut cut) = (Vec::new(), 0, false);
        for mut sources in due(levels(tx, &self.job_types).await?, now) {
            sources.retain(|source| room.get(&source.job_type).is_some_and(|room| *room > 0));
            while !sources.is_empty() && found.len() < self.max_jobs && !cut {
                let left = self.max_jobs - found.len();
                let first = first_sources(&mut sources, left);
                let asked: Vec<_> = first
                    .iter()
                    .filter_map(|source| Some((source, *room.get(&source.job_type)?)))
                    .collect();
                let fit = fitting_jobs(tx, now, &asked, labels, left, &mut bytes).await?;
                let jobs = select_due(tx, now, &asked, labels, fit.0, LockMode::Lock).await?;
                for job in &jobs {
                    room.entry(job.job_type.clone())
                        .and_modify(|room| *room -= 1);
                }
                cut = fit.1;
                found.extend(jobs);
            }
        }
        found.truncate(that_fit(&found));
        let items = items_that_fit(tx, &mut found).await?;
        let claimed = self.assign(tx, found, items, &limits, now).await?;
        self.with_tokens(tx, claimed, now).await
    }
}

/// Maximum seconds of an attempt, of the types whose queues set one.
type RunLimits = HashMap<String, i32>;

/// Returns when an attempt that starts now has to end; `None` if it has no maximum.
pub fn run_until(max_run_seconds: Option<i32>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.checked_add_signed(TimeDelta::seconds(max_run_seconds?.into()))
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
    async fn with_tokens(
        &self,
        tx: &Tx,
        mut claimed: Vec<Claimed>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>> {
        if let Some(new) = self.new_token {
            give_tokens(tx, &mut claimed, new, now).await?;
        }
        Ok(claimed)
    }

    /// Returns how many jobs of each type may be claimed, without paused types, and the limits of
    /// their attempts. Locks the row of a
    /// queue that has a limit, so that claims of its type run one after the other and each counts
    /// the jobs that the one before gave out.
    async fn capacity(&self, tx: &Tx) -> Result<(HashMap<String, usize>, RunLimits)> {
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
        let limits = queues
            .iter()
            .filter_map(|queue| Some((queue.job_type.clone(), queue.max_run_seconds?)));
        let limits = limits.collect();
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
        Ok((room, limits))
    }

    async fn assign(
        &self,
        tx: &Tx,
        jobs: Vec<job::Model>,
        mut items: ItemsOf,
        limits: &RunLimits,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let given: Vec<job::Model> = jobs
            .iter()
            .map(|job| self.given(job, limits, now))
            .collect();
        self.write(tx, &given, now).await?;
        let event_data =
            |job: &job::Model| json!({"attempt": job.attempt, "worker_id": job.worker_id});
        let by = tx.by();
        let started = |(before, job): (&job::Model, &job::Model)| {
            let mut event = event(Some(before), job, EventKind::Started, Some(event_data(job)));
            by::sign(&mut event, &by);
            event
        };
        let events: Vec<_> = jobs.iter().zip(&given).map(started).collect();
        write_events(tx, &events).await?;
        let claimed = |job: job::Model| Claimed {
            items: items.remove(&job.id).unwrap_or_default(),
            job_token: None,
            job,
        };
        Ok(given.into_iter().map(claimed).collect())
    }

    /// Returns the row as the statement of `claims::assign` leaves it.
    fn given(&self, before: &job::Model, limits: &RunLimits, now: DateTime<Utc>) -> job::Model {
        let limit = before.max_run_seconds;
        let limit = limit.or_else(|| limits.get(&before.job_type).copied());
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
            claim_id: self.claim_id.clone(),
            last_heard_at: None,
            run_until: run_until(limit, now),
            ..before.clone()
        }
    }

    async fn write(&self, tx: &Tx, given: &[job::Model], now: DateTime<Utc>) -> Result<(), DbErr> {
        let backend = tx.get_database_backend();
        let mut values: Vec<Value> = vec![
            self.worker_id.as_str().into(),
            (now + self.lease).into(),
            now.into(),
            self.claim_id.clone().into(),
        ];
        let given: Vec<[String; 3]> = given.iter().map(assigned).collect();
        if dialect::rows::takes_arrays(backend) {
            for column in 0..3 {
                let column: Vec<_> = given.iter().map(|row| row[column].as_str()).collect();
                values.push(bulk::list(backend, &column).into());
            }
        } else {
            values.push(json!(given).to_string().into());
        }
        let sql = dialect::claims::assign(backend);
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        Ok(())
    }
}

/// Id, lease token and end of the attempt, as `claims::assign` reads them.
fn assigned(job: &job::Model) -> [String; 3] {
    let until = job.run_until;
    let until = until.map(|until| until.to_rfc3339_opts(SecondsFormat::AutoSi, false));
    [
        job.id.clone(),
        job.lease_token.clone().unwrap_or_default(),
        until.unwrap_or_default(),
    ]
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
    let mut picked: Vec<Value> = vec![now.into(), limit.into()];
    let mut sources = Vec::new();
    for kind in types {
        // The ranks of priority 0: jobs that were started before come first.
        for (rank, source) in [(0, Source::Always), (1, Source::Timed)] {
            picked.extend([Value::from(kind.as_str()), rank.into(), limit.into()]);
            sources.push(source);
        }
    }
    let mut given: Vec<Value> = vec!["w".into(), now.into(), now.into(), "call".into()];
    if dialect::rows::takes_arrays(backend) {
        let one = || Value::from(bulk::list(backend, &["job-1"]));
        given.extend([one(), one(), bulk::list(backend, &[""]).into()]);
    } else {
        given.push(json!([["job-1", "token", ""]]).to_string().into());
    }
    let times = || [now, now, now, now].map(Value::from).to_vec();
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
                dialect::claims::select_due(backend, &sources, "id, run_at, created_at", true, 0),
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
                [times(), vec![limit.into(), 0i64.into()]].concat(),
            ),
        ),
        (
            "any that ran out",
            statement(dialect::claims::any_expired(backend), times()),
        ),
        (
            "what comes next of all types",
            statement(dialect::claims::all_ranks(backend), Vec::new()),
        ),
        (
            "the first jobs of all types",
            statement(
                dialect::claims::first_of_rank(backend, Source::Timed, "id"),
                vec![1i32.into(), now.into(), limit.into()],
            ),
        ),
        (
            "a claim that was asked before",
            statement(
                dialect::claims::claimed_by_call(backend, "id"),
                vec!["w".into(), "call".into()],
            ),
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

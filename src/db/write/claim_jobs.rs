//! Claiming: the jobs that are due, first in order, given to a worker under a lease each.

use super::{
    event,
    queue_front::{Hold, due, levels, pick, texts},
    weight_of, write_events,
};
use crate::{
    chance::Chance,
    clock::Clock,
    db::{Database, Readable, Tx, Write, bulk, dialect},
    error::Result,
    lifecycle::EventKind,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{JobStatus, job, job_item, queue};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, QueryFilter, QueryOrder, QuerySelect, Statement,
    Value,
    sea_query::{Expr, ExprTrait, Func, LockType},
};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};

/// Jobs that are taken at once: those of a large claim come in parts, since a thousand jobs of a megabyte each would not
/// fit into memory. The next part is four times as large if the jobs are small.
const FIRST_PART: usize = 32;

/// Bytes of the jobs of one claim and of their items, unless the first job has more by itself.
const MOST_BYTES: usize = 8 << 20;

/// Items, or announced shots, of the jobs of one claim, unless the first job has more by itself: the answer has all of
/// them, and a thousand jobs of ten thousand items would not fit into memory.
const MOST_ITEMS: i64 = 20_000;

pub struct ClaimJobs {
    pub worker_id: String,
    /// Without repeats.
    pub job_types: Vec<String>,
    pub max_jobs: usize,
    pub lease: TimeDelta,
    /// A lease begins when it is given, not when it was asked for: the write may have waited for its turn.
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
}

/// A job in the hands of a worker.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// With its lease.
    pub job: job::Model,
    /// All of them, in order.
    pub items: Vec<job_item::Model>,
}

impl Write for ClaimJobs {
    /// In the order in which they are to be worked on.
    type Output = Vec<Claimed>;

    async fn apply(&self, tx: &Tx) -> Result<Vec<Claimed>> {
        let now = self.clock.now();
        let mut room = self.room(tx).await?;
        let mut claimed = Part::default();
        for (priority, types) in due(levels(tx, &self.job_types).await?, now) {
            loop {
                let most = claimed.next_part(self.max_jobs);
                let asked = types.iter().filter_map(|kind| Some((kind.as_str(), *room.get(kind)?))).collect::<Vec<_>>();
                let mut jobs = pick(tx, priority, now, &asked, most, Hold::Lock).await?;
                let found = jobs.len();
                jobs.truncate(claimed.that_fit(tx, &jobs).await?);
                for job in &jobs {
                    room.entry(job.job_type.clone()).and_modify(|room| *room -= 1);
                }
                room.retain(|_, room| *room > 0);
                let full = jobs.len() < found;
                // What is given is not found again.
                claimed.jobs.extend(self.hand_out(tx, jobs, now).await?);
                if full || claimed.jobs.len() >= self.max_jobs {
                    return Ok(claimed.jobs);
                }
                if found < most {
                    break;
                }
            }
        }
        Ok(claimed.jobs)
    }
}

/// What a claim has so far.
#[derive(Default)]
struct Part {
    jobs: Vec<Claimed>,
    items: i64,
    bytes: usize,
}

impl Part {
    /// How many jobs are asked for next, so that they fit into memory if they are like those before.
    fn next_part(&self, max_jobs: usize) -> usize {
        let left = max_jobs - self.jobs.len();
        let like_before = match self.jobs.len() {
            0 => FIRST_PART,
            many => (4 * many).min(MOST_BYTES.saturating_sub(self.bytes) * many / self.bytes.max(1)),
        };
        left.min(like_before.max(FIRST_PART))
    }

    /// How many of the jobs fit, from the first on.
    async fn that_fit(&mut self, tx: &Tx, jobs: &[job::Model]) -> Result<usize, DbErr> {
        let of_items = item_bytes(tx, jobs).await?;
        for (place, job) in jobs.iter().enumerate() {
            let items = self.items.saturating_add(job.total_shots.into());
            let bytes = self.bytes + weight_of_job(job) + of_items.get(&job.id).copied().unwrap_or_default();
            let first = place == 0 && self.jobs.is_empty();
            if !first && (items > MOST_ITEMS || bytes > MOST_BYTES) {
                return Ok(place);
            }
            (self.items, self.bytes) = (items, bytes);
        }
        Ok(jobs.len())
    }
}

/// About how many bytes an answer has for the job, without its items.
fn weight_of_job(job: &job::Model) -> usize {
    let json = |json: &Option<serde_json::Value>| json.as_ref().map_or(0, weight_of);
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let values: usize = [&job.request_data, &job.context, &job.result_data, &job.labels].map(json).iter().sum();
    let texts: usize = [&job.content, &job.user_requirement, &job.error_message].map(text).iter().sum();
    1024 + values + texts
}

/// About how many bytes the items of each of these jobs have.
async fn item_bytes(tx: &Tx, jobs: &[job::Model]) -> Result<HashMap<String, usize>, DbErr> {
    let ids: Vec<&str> = jobs.iter().filter(|job| may_have_items(job)).map(|job| job.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = tx.get_database_backend();
    let size = |column: job_item::Column| dialect::stored_bytes(backend, column.as_str());
    let bytes = size(job_item::Column::Input).add(size(job_item::Column::Result)).add(size(job_item::Column::Error));
    let rows: Vec<(String, i64)> = job_item::Entity::find()
        .select_only()
        .column(job_item::Column::JobId)
        .expr_as(Func::sum(bytes).cast_as("bigint"), "bytes")
        .filter(bulk::is_one_of(backend, Expr::col(job_item::Column::JobId), &ids))
        .group_by(job_item::Column::JobId)
        .into_tuple()
        .rows(tx)
        .await?;
    Ok(rows.into_iter().map(|(id, bytes)| (id, usize::try_from(bytes).unwrap_or(usize::MAX))).collect())
}

/// The shots of a job with items are its items; what was imported may have lost count.
fn may_have_items(job: &job::Model) -> bool {
    job.total_shots > 0 || job.source.is_some()
}

impl ClaimJobs {
    /// How many jobs of each type may be given, types that are paused left out. The limit of a type is held by locking
    /// its row: claims of it come one after the other, and each counts what the one before it gave.
    async fn room(&self, tx: &Tx) -> Result<HashMap<String, usize>> {
        let backend = tx.get_database_backend();
        let set = |types: &[&str]| {
            queue::Entity::find().filter(bulk::is_one_of(backend, Expr::col(queue::Column::JobType), types))
        };
        let mut room: HashMap<String, usize> =
            self.job_types.iter().map(|kind| (kind.clone(), self.max_jobs)).collect();
        let queues = set(&texts(&self.job_types)).rows(tx).await?;
        let limited: Vec<&str> =
            queues.iter().filter(|queue| queue.max_running.is_some()).map(|queue| queue.job_type.as_str()).collect();
        let locked = match limited.is_empty() {
            true => Vec::new(),
            false => set(&limited).order_by_asc(queue::Column::JobType).lock(LockType::Update).rows(tx).await?,
        };
        let running = running(tx, &limited).await?;
        for queue in queues.iter().chain(&locked) {
            if queue.paused {
                room.remove(&queue.job_type);
            }
        }
        for queue in locked {
            let Some(most) = queue.max_running.and_then(|most| usize::try_from(most).ok()) else { continue };
            let left = most.saturating_sub(running.get(&queue.job_type).copied().unwrap_or_default());
            room.entry(queue.job_type).and_modify(|room| *room = left.min(*room));
        }
        room.retain(|_, room| *room > 0);
        Ok(room)
    }

    async fn hand_out(&self, tx: &Tx, jobs: Vec<job::Model>, now: DateTime<Utc>) -> Result<Vec<Claimed>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let given: Vec<job::Model> = jobs.iter().map(|job| self.given(job, now)).collect();
        self.write(tx, &given, now).await?;
        let told = |job: &job::Model| json!({"attempt": job.attempt, "worker_id": job.worker_id});
        let started =
            |(before, job): (&job::Model, &job::Model)| event(Some(before), job, EventKind::Started, Some(told(job)));
        let events: Vec<_> = jobs.iter().zip(&given).map(started).collect();
        write_events(tx, &events).await?;
        with_items(tx, given).await
    }

    /// The row as `claims::hand_out` leaves it.
    fn given(&self, before: &job::Model, now: DateTime<Utc>) -> job::Model {
        job::Model {
            status: JobStatus::Processing,
            // Jobs at the end of their counters are not picked.
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
        let tokens = || given.iter().filter_map(|job| Some((job.id.as_str(), job.lease_token.as_deref()?)));
        let mut values: Vec<Value> = vec![self.worker_id.as_str().into(), (now + self.lease).into(), now.into()];
        match dialect::rows::takes_arrays(backend) {
            true => {
                let (ids, tokens): (Vec<_>, Vec<_>) = tokens().unzip();
                values.extend([bulk::list(backend, &ids).into(), bulk::list(backend, &tokens).into()]);
            }
            false => values.push(json!(tokens().collect::<Vec<_>>()).to_string().into()),
        }
        let sql = dialect::claims::hand_out(backend);
        tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        Ok(())
    }
}

/// What a claim asks the database, with what a claim of these types would give it; so that the plans can be looked at.
pub fn claim_statements(
    db: &Database,
    types: &[String],
    now: DateTime<Utc>,
    limit: i64,
) -> Vec<(&'static str, Statement)> {
    let backend = db.read().get_database_backend();
    let list = bulk::list(backend, &texts(types));
    let mut picked: Vec<Value> = vec![0i16.into(), now.into(), limit.into()];
    types.iter().for_each(|kind| picked.extend([Value::from(kind.as_str()), limit.into()]));
    let given: Vec<Value> = match dialect::rows::takes_arrays(backend) {
        true => {
            let one = bulk::list(backend, &["job-1"]);
            vec!["w".into(), now.into(), now.into(), one.clone().into(), one.into()]
        }
        false => vec!["w".into(), now.into(), now.into(), json!([["job-1", "token"]]).to_string().into()],
    };
    let statement = |sql: String, values: Vec<Value>| Statement::from_sql_and_values(backend, sql, values);
    vec![
        ("the queues", statement(dialect::claims::levels(backend), vec![list.clone().into()])),
        ("the jobs", statement(dialect::claims::pick(backend, types.len(), "id, run_at, created_at", true), picked)),
        ("the claim", statement(dialect::claims::hand_out(backend), given)),
        ("what runs", statement(dialect::claims::running(backend), vec![list.into()])),
        (
            "leases that ran out",
            statement(dialect::claims::expired(backend), vec![now.into(), limit.into(), 0i64.into()]),
        ),
        ("any that ran out", statement(dialect::claims::any_expired(backend), vec![now.into()])),
    ]
}

/// How many jobs of each of these types run.
pub async fn running(db: &impl ConnectionTrait, types: &[&str]) -> Result<HashMap<String, usize>, DbErr> {
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
    let asked = Statement::from_sql_and_values(backend, dialect::claims::running(backend), [list.into()]);
    let rows = Running::find_by_statement(asked).rows(db).await?;
    Ok(rows.into_iter().map(|row| (row.job_type, usize::try_from(row.running).unwrap_or_default())).collect())
}

async fn with_items(tx: &Tx, jobs: Vec<job::Model>) -> Result<Vec<Claimed>> {
    let ids: Vec<&str> = jobs.iter().filter(|job| may_have_items(job)).map(|job| job.id.as_str()).collect();
    let mut items: HashMap<String, Vec<job_item::Model>> = HashMap::new();
    if !ids.is_empty() {
        let found = job_item::Entity::find().filter(bulk::is_one_of(
            tx.get_database_backend(),
            Expr::col(job_item::Column::JobId),
            &ids,
        ));
        for item in found.order_by_asc(job_item::Column::JobId).order_by_asc(job_item::Column::Idx).rows(tx).await? {
            items.entry(item.job_id.clone()).or_default().push(item);
        }
    }
    let claimed = |job: job::Model| Claimed { items: items.remove(&job.id).unwrap_or_default(), job };
    Ok(jobs.into_iter().map(claimed).collect())
}

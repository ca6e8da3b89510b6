//! get_health and get_readiness: whether this server does its work, and whether it should get
//! requests.

use crate::{
    db::{CacheNumbers, DatabaseCheck, RedisState},
    error::{Error, Result},
    jobs::{Counts, Filter, JobManager, LoopStatus, workers::list_workers::STALE_AFTER},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Difference to the database's clock from which the server counts as degraded.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::seconds(1);

/// State of this server that no row of the database has.
pub struct ServerState {
    /// Start of the server, by the clock that is never set.
    started: Duration,
    draining: AtomicBool,
}

impl ServerState {
    pub fn started_at(started: Duration) -> Self {
        Self {
            started,
            draining: AtomicBool::new(false),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStatus {
    Ok,
    /// The server answers, but something needs a person.
    Degraded,
    /// The server cannot do its work.
    Failing,
}

impl HealthStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

/// Health of this server and its database.
pub struct Health {
    pub status: HealthStatus,
    /// Sentences that say why the status is not `ok`.
    pub reasons: Vec<String>,
    pub uptime: Duration,
    pub database: Arc<DatabaseCheck>,
    pub cache: CacheNumbers,
    /// Cache that the servers share; `None` if there is none.
    pub redis: Option<RedisHealth>,
    /// Jobs by status; `None` if the database does not answer.
    pub counts: Option<Counts>,
    /// Workers that hold a job or called recently; `None` if the database does not answer.
    pub live_workers: Option<u64>,
    /// Servers that gave a sign of life lately; `None` if the database does not answer.
    pub live_servers: Option<u64>,
    /// Difference of this server's clock to the database's; `None` where both are one.
    pub clock_ahead: Option<TimeDelta>,
    pub loops: Vec<(&'static str, LoopStatus)>,
}

/// State of Redis as this server sees it.
#[derive(Clone, Debug)]
pub struct RedisHealth {
    pub is_up: bool,
    /// Time of the last change between up and away.
    pub since: DateTime<Utc>,
    /// Last error; `None` while it is up.
    pub error: Option<String>,
}

/// Reason why the server should get no requests.
#[derive(Debug)]
pub enum NotReady {
    /// The server stops soon.
    Draining,
    Database(Error),
    /// Number of pending steps of the schema.
    Schema(usize),
    /// A sentence for each loop that does not run.
    Loops(Vec<String>),
}

impl JobManager {
    /// Lets readiness fail from now on: the server stops soon, and answers until then.
    pub fn begin_draining(&self) {
        self.server.draining.store(true, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.server.draining.load(Ordering::Relaxed)
    }

    /// Returns the time since the server started.
    pub fn uptime(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.server.started)
    }

    /// Returns an error if the server should get no requests now.
    pub async fn get_readiness(&self) -> Result<(), NotReady> {
        if self.is_draining() {
            return Err(NotReady::Draining);
        }
        let check = self.db.check().await;
        if let Some(error) = check.error() {
            return Err(NotReady::Database(error));
        }
        if let Some(missing) = missing_steps(&check) {
            return Err(NotReady::Schema(missing));
        }
        let late = self.late_loops();
        if late.is_empty() {
            Ok(())
        } else {
            Err(NotReady::Loops(late))
        }
    }

    /// Returns the health of this server, with the numbers that people look at first.
    pub async fn get_health(&self) -> Health {
        let database = self.db.check().await;
        let mut health = Health {
            status: HealthStatus::Ok,
            reasons: Vec::new(),
            uptime: self.uptime(),
            cache: self.db.job_cache().numbers(),
            redis: None,
            counts: None,
            live_workers: None,
            live_servers: None,
            clock_ahead: None,
            loops: self.list_loops(),
            database,
        };
        if let Some(redis) = self.db.redis() {
            self.add_redis(&mut health, redis.state());
        }
        if let Some(error) = health.database.error() {
            health.fail(error.to_string());
        } else if let Err(error) = self.add_numbers(&mut health).await {
            health.fail(error.to_string());
        }
        if let Some(missing) = missing_steps(&health.database) {
            health.fail(pending_steps(missing));
        }
        self.late_loops()
            .into_iter()
            .for_each(|late| health.degrade(late));
        for (name, status) in health.loops.clone() {
            if let Some(error) = status.error {
                health.degrade(format!("The last run of the loop {name} failed: {error}"));
            }
        }
        if let Some(ahead) = health.clock_ahead.filter(|by| by.abs() > MAX_CLOCK_SKEW) {
            let seconds = ahead.as_seconds_f64();
            health.degrade(format!(
                "The clock of this server is {seconds} s ahead of the database's."
            ));
        }
        if self.is_draining() {
            health.degrade(DRAINING.to_owned());
        }
        health
    }

    fn add_redis(&self, health: &mut Health, redis: RedisState) {
        let age = TimeDelta::from_std(redis.since.elapsed()).unwrap_or_default();
        if !redis.is_up {
            let error = redis.error.as_deref().unwrap_or("it was not reached yet");
            health.degrade(format!(
                "Redis at {} is away: {error}. Jobs are read from the database.",
                redis.url
            ));
        }
        health.redis = Some(RedisHealth {
            is_up: redis.is_up,
            since: self.now() - age,
            error: redis.error,
        });
    }

    async fn add_numbers(&self, health: &mut Health) -> Result<()> {
        health.counts = Some(self.count_jobs(&Filter::default()).await?);
        health.live_workers = Some(self.live_workers().await?);
        health.live_servers = Some(self.live_servers().await?);
        health.clock_ahead = self.clock_ahead().await?;
        Ok(())
    }

    /// Counts the workers that hold a job or called recently.
    pub async fn live_workers(&self) -> Result<u64> {
        let now = self.now();
        Ok(self.db.worker_numbers(now, now - STALE_AFTER).await?.alive)
    }
}

/// Sentence for a server that stops soon.
pub const DRAINING: &str = "The server stops soon; send new requests to another one.";

/// Sentence for pending steps of the schema.
pub fn pending_steps(missing: usize) -> String {
    format!("The schema lacks {missing} steps: run `callsheet migrate up`.")
}

fn missing_steps(check: &DatabaseCheck) -> Option<usize> {
    let schema = check.schema.as_ref()?;
    Some(schema.missing).filter(|missing| *missing > 0)
}

impl Health {
    fn degrade(&mut self, reason: String) {
        if self.status == HealthStatus::Ok {
            self.status = HealthStatus::Degraded;
        }
        self.reasons.push(reason);
    }

    fn fail(&mut self, reason: String) {
        self.status = HealthStatus::Failing;
        self.reasons.push(reason);
    }
}

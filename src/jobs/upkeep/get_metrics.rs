//! get_metrics: numbers of this server and its database at this moment.

use crate::{
    db::{RedisNumbers, RedisTier},
    error::Result,
    jobs::{Counts, JobManager, watch::streams::MAX_STREAMS},
    lines,
    metrics::{DatabaseNumbers, LoopNumbers, MAX_TYPES, Measured, RedisReads},
};
use std::time::Duration;
use tokio::time::timeout;

/// Maximum time to wait for the numbers of the database: a scrape without them says more than none.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(4);

impl JobManager {
    /// Measures this server and its database. The time depends on the number of job types, not on
    /// the number of jobs. While the database does not answer, its numbers are missing.
    pub async fn get_metrics(&self) -> Measured {
        let database = timeout(DATABASE_TIMEOUT, self.database_numbers()).await;
        let cache = self.db.job_cache().numbers();
        let loops = self.list_loops().into_iter();
        let loops = loops.map(|(name, status)| LoopNumbers {
            name,
            succeeded_at: status
                .succeeded_at
                .map(|at| at.timestamp_micros() as f64 / 1e6),
            errors: status.errors,
        });
        Measured {
            version: env!("CARGO_PKG_VERSION"),
            database_name: self.db.name(),
            database: database.ok().and_then(Result::ok),
            uptime_seconds: self.uptime().as_secs_f64(),
            is_draining: self.is_draining(),
            writes_waiting: self.db.writes_under_way() as u64,
            claims_waiting: self.waiting.count() as u64,
            streams_open: MAX_STREAMS.saturating_sub(self.streams.available_permits()) as u64,
            connections: self.db.open_connections(),
            cached_jobs: cache.jobs,
            cache_hits: cache.hits,
            cache_misses: cache.misses,
            cache_evictions: cache.evictions,
            redis: self.db.redis().map(reads),
            dropped_log_lines: lines::err().dropped(),
            loops: loops.collect(),
            files: self.db.files(),
        }
    }

    async fn database_numbers(&self) -> Result<DatabaseNumbers> {
        let now = self.now();
        let by_type = self.counts_by_type().await?;
        let oldest_due = self.longest_due(&by_type).await?;
        let jobs = by_type.into_iter().flat_map(|(job_type, counts)| {
            let by_status = statuses(&counts).into_iter();
            by_status.map(move |(status, jobs)| (job_type.clone(), status, jobs))
        });
        let jobs = jobs.collect();
        let ahead = self.clock_ahead().await?;
        Ok(DatabaseNumbers {
            jobs,
            oldest_due: oldest_due
                .into_iter()
                .map(|(job_type, due)| (job_type, (now - due).as_seconds_f64()))
                .collect(),
            workers_live: self.live_workers().await?,
            clock_ahead: ahead.map(|by| by.as_seconds_f64()),
            free_pages: self.db.free_pages().await?,
        })
    }

    /// Returns since when the queues with the most jobs have had a due job.
    async fn longest_due(
        &self,
        by_type: &[(String, Counts)],
    ) -> Result<impl IntoIterator<Item = (String, chrono::DateTime<chrono::Utc>)> + use<>> {
        let mut queued: Vec<_> = by_type.iter().filter(|(_, of)| of.queued > 0).collect();
        queued.sort_by_key(|(_, of)| std::cmp::Reverse(of.total()));
        let types = queued.iter().take(MAX_TYPES).map(|(one, _)| one.as_str());
        let types: Vec<&str> = types.collect();
        self.db.due_heads(&types, self.now()).await
    }
}

fn reads(redis: &RedisTier) -> RedisReads {
    let RedisNumbers {
        hits,
        misses,
        failures,
    } = redis.numbers();
    RedisReads {
        is_up: redis.state().is_up,
        hits,
        misses,
        failures,
    }
}

fn statuses(counts: &Counts) -> [(&'static str, u64); 5] {
    [
        ("queued", counts.queued),
        ("processing", counts.processing),
        ("completed", counts.completed),
        ("failed", counts.failed),
        ("cancelled", counts.cancelled),
    ]
}

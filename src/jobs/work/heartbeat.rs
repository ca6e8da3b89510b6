//! heartbeat: extends the lease of a worker, and may report progress.

use crate::{
    db::write::{Change, Changed, Items, Loaded},
    error::Result,
    jobs::{
        Guard, JobManager, validate,
        work::{
            heard_of::heard_of,
            items::{self, ItemReport},
            progress::{
                Progress, apply_progress, apply_shots, check_counts, check_progress, must_process,
            },
        },
    },
    lifecycle::{EventKind, percent},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::job;
use serde_json::json;

/// Minimum time that a lease lasts after a heartbeat without a duration, in seconds.
const LEASE_SECONDS: u32 = 60;

/// Maximum number of log lines in a heartbeat.
const MAX_LOG_LINES: usize = 100;
/// Maximum number of characters in a log line.
const MAX_LOG_LINE_CHARS: usize = 2000;

/// Report of a worker while it works. `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct Heartbeat {
    /// Seconds from now until the lease expires, 1 to 86400. If omitted, the lease lasts for at
    /// least 60 more seconds.
    pub lease_seconds: Option<u32>,
    pub progress: Progress,
    pub total_shots: Option<i32>,
    pub completed_shots: Option<i32>,
    pub items: Vec<ItemReport>,
    /// Log lines for the job's history: up to 100, of up to 2,000 characters each.
    pub log: Vec<String>,
}

/// Response to a heartbeat.
#[derive(Clone, Debug, PartialEq)]
pub struct HeartbeatReply {
    pub lease_expires_at: DateTime<Utc>,
    /// True if a cancel was requested: the worker stops, and calls mark_failed or release_job.
    pub cancel_requested: bool,
    pub version: i64,
}

impl JobManager {
    /// Extends the lease, and applies all reported values or none. A heartbeat that reports nothing
    /// new does not change the job's version. An expired lease is extended too, as long as the
    /// server has not taken the job away.
    ///
    /// Errors: `job_not_found`, `lease_lost`, `item_not_found`, `item_conflict`,
    /// `shots_counted_from_items`, `shots_exceed_total`, `invalid_request`.
    pub async fn heartbeat(
        &self,
        id: &str,
        lease_token: &str,
        beat: Heartbeat,
    ) -> Result<HeartbeatReply> {
        check(&beat)?;
        let Guard { version, lease } = Guard::lease(lease_token);
        let items = match (&beat.items[..], beat.total_shots.or(beat.completed_shots)) {
            ([], None) => Items::None,
            ([], Some(_)) => Items::Counted,
            (reports, _) => items::named(reports),
        };
        let lines = beat.log.len();
        self.check_room_for_items(id, items::weight(&beat.items))
            .await?;
        let weight = items::weight(&beat.items) + beat.log.iter().map(String::len).sum::<usize>();
        let done = self.try_change(id, version, items, weight, move |loaded, now| {
            decide(loaded, lease.as_deref(), &beat, now).map(Some)
        });
        let Changed { job, .. } = done.await?;
        self.workers.seen(job.worker_id.as_ref(), self.now());
        self.lines_stored(id, lines);
        Ok(HeartbeatReply {
            lease_expires_at: job.lease_expires_at.unwrap_or_else(|| self.now()),
            cancel_requested: job.cancel_requested_at.is_some(),
            version: job.version,
        })
    }
}

fn decide(
    loaded: &Loaded,
    token: Option<&str>,
    beat: &Heartbeat,
    now: DateTime<Utc>,
) -> Result<Change> {
    must_process(&loaded.job, token)?;
    let mut job = loaded.job.clone();
    let mut event = None;
    let mut changed = Vec::new();
    if beat.total_shots.is_some() || beat.completed_shots.is_some() {
        match (beat.total_shots, beat.completed_shots) {
            (Some(total), None) if loaded.item_count > 0 => announce(&mut job, loaded, total),
            (total, completed) => apply_shots(&mut job, loaded, total, completed)?,
        }
        event = (job != loaded.job).then_some((EventKind::ShotsUpdated, None));
    }
    if !beat.items.is_empty() {
        changed = items::apply_reports(&mut job, loaded, &beat.items, now)?;
        if !changed.is_empty() {
            event = Some((EventKind::ItemsReported, Some(items::event_data(&changed))));
        }
    }
    let counted = job.clone();
    // A reported progress takes precedence over the one computed from the items.
    apply_progress(&mut job, &beat.progress);
    if job != counted {
        event = event.or(Some((EventKind::Progressed, None)));
    }
    heard_of(&mut job, now);
    job.lease_expires_at = Some(expiry(&job, beat.lease_seconds, now));
    let said =
        (!beat.log.is_empty()).then(|| (EventKind::Logged, Some(json!({"lines": beat.log}))));
    Ok(Change {
        events: event.into_iter().chain(said).collect(),
        items: changed,
        ..Change::of_lease(job)
    })
}

/// Sets the number of items that a worker announces. It announces them again with each attempt, so
/// the number includes those that it reported before.
fn announce(job: &mut job::Model, loaded: &Loaded, total: i32) {
    job.total_shots = total.max(loaded.item_count);
    job.completed_shots = loaded.done_count;
    job.progress = percent(job.completed_shots, job.total_shots);
}

fn expiry(job: &job::Model, seconds: Option<u32>, now: DateTime<Utc>) -> DateTime<Utc> {
    let from_now = now + TimeDelta::seconds(seconds.unwrap_or(LEASE_SECONDS).into());
    match (seconds, job.lease_expires_at) {
        (None, Some(expires)) => expires.max(from_now),
        _ => from_now,
    }
}

fn check(beat: &Heartbeat) -> Result<()> {
    let mut checks = validate::Checks::default();
    checks.range(
        "/lease_seconds",
        beat.lease_seconds,
        1,
        validate::MAX_LEASE_SECONDS,
    );
    check_progress(&mut checks, &beat.progress);
    check_counts(&mut checks, beat.total_shots, beat.completed_shots);
    if beat.log.len() > MAX_LOG_LINES {
        checks.fail(
            "/log",
            "too_many",
            format!(
                "Send at most {MAX_LOG_LINES} lines; these are {}.",
                beat.log.len()
            ),
        );
    }
    for (i, line) in beat.log.iter().enumerate().take(MAX_LOG_LINES) {
        checks.text(format_args!("/log/{i}"), Some(line), MAX_LOG_LINE_CHARS);
    }
    checks.finish()?;
    if beat.items.is_empty() {
        Ok(())
    } else {
        items::check(&beat.items)
    }
}

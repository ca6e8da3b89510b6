//! Checks of the work: finds jobs, queues, actions and imports that no process takes on.

use super::{
    Limits,
    finding::{Finding, listed},
    servers::{check_connections, check_versions},
};
use crate::{
    db::{Inspector, Orphans, PostgresFacts, ScheduleFacts, WorkFacts},
    error::Error,
};
use chrono::{DateTime, Utc};
use std::net::SocketAddr;

pub async fn check(inspector: &Inspector, now: DateTime<Utc>, limits: &Limits) -> Vec<Finding> {
    let looked = async {
        let silent = now - limits.silence;
        let cancelled = now - limits.cancel;
        let work = inspector
            .work(now, now - limits.rescue, silent, cancelled)
            .await?;
        let orphans = inspector.orphans(silent).await?;
        let schedules = inspector.schedules(now - limits.rescue).await?;
        let webhooks = inspector.disabled_webhooks().await?;
        let has_keys = inspector.has_keys().await?;
        let servers = inspector.servers(now - limits.server).await?;
        let postgres = inspector.postgres().await?;
        let of_servers = (servers, postgres);
        Ok::<_, Error>((work, orphans, schedules, webhooks, has_keys, of_servers))
    };
    match looked.await {
        Ok((work, orphans, schedules, webhooks, has_keys, (servers, postgres))) => {
            let mut found = check_jobs(&work);
            found.extend(check_queues(&work, now, limits));
            found.extend(check_orphans(&orphans));
            found.extend(check_schedules(&schedules));
            found.extend(check_webhooks(&webhooks));
            found.extend(check_versions(&servers));
            let too_many = |of: PostgresFacts| check_connections(&servers, &of, limits);
            found.extend(postgres.and_then(too_many));
            found.extend(limits.needs_key.filter(|_| !has_keys).map(no_key));
            found
        }
        Err(error) => vec![Finding::error(
            "database.unreadable",
            format!("The jobs cannot be read: {error}."),
            "See the log of the database.",
        )],
    }
}

fn no_key(listen: SocketAddr) -> Finding {
    Finding::error(
        "config.no_key",
        format!(
            "{listen} can be reached from other machines, and there is no key: `callsheet serve` \
            does not start."
        ),
        "Make a key with `callsheet keys create --role admin`.",
    )
}

fn check_jobs(work: &WorkFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    if work.expired > 0 {
        found.push(Finding::error(
            "work.expired_leases",
            format!(
                "{} jobs are held under leases that have ended, and no server takes them back.",
                work.expired
            ),
            "Start `callsheet serve`; if one runs, see the loop rescue_jobs in its /health.",
        ));
    }
    if work.silent > 0 {
        found.push(Finding::warning(
            "work.silent_jobs",
            format!(
                "{} jobs are processing without a lease, and nothing was heard of them for long.",
                work.silent
            ),
            "Retry them (`callsheet jobs retry ID`), or let their workers claim with a lease.",
        ));
    }
    if work.cancel_ignored > 0 {
        found.push(Finding::warning(
            "work.cancel_ignored",
            format!(
                "The workers of {} jobs were asked to cancel long ago, and go on.",
                work.cancel_ignored
            ),
            "Let the workers look at cancel_requested in the answers of their heartbeats, or stop \
            them.",
        ));
    }
    found
}

fn check_queues(work: &WorkFacts, now: DateTime<Utc>, limits: &Limits) -> Vec<Finding> {
    let mut found = Vec::new();
    let paused: Vec<String> = work
        .paused
        .iter()
        .map(|(job_type, jobs)| format!("{job_type} ({jobs} queued)"))
        .collect();
    if !paused.is_empty() {
        found.push(Finding::warning(
            "work.paused_queues",
            format!("Queues with jobs are paused: {}.", listed(&paused)),
            "Resume them with `callsheet queue resume TYPE`.",
        ));
    }
    let waiting = work.unclaimed.iter();
    let waiting: Vec<String> = waiting
        .filter(|one| now - one.due_since >= limits.unclaimed)
        .map(|one| one.job_type.clone())
        .collect();
    if !waiting.is_empty() {
        found.push(Finding::warning(
            "work.unclaimed_types",
            format!(
                "No worker asks for jobs of {}, which are due.",
                listed(&waiting)
            ),
            format!(
                "Start one: `callsheet work --type {} -- COMMAND`.",
                waiting[0]
            ),
        ));
    }
    if let Some(since) = work.uncounted_since
        && now - since >= limits.statistics
    {
        found.push(Finding::warning(
            "work.statistics_behind",
            format!(
                "The statistics count no event since {}.",
                since.format("%Y-%m-%d %H:%M:%S UTC")
            ),
            "Start `callsheet serve`; if one runs, see the loop roll_up_stats in its /health.",
        ));
    }
    found
}

fn check_schedules(schedules: &ScheduleFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    if !schedules.late.is_empty() {
        found.push(Finding::error(
            "work.schedules_late",
            format!(
                "The schedules {} are due, and no server creates their jobs.",
                listed(&schedules.late)
            ),
            "Start `callsheet serve`; if one runs, see the loop fire_schedules in its /health.",
        ));
    }
    if !schedules.failing.is_empty() {
        found.push(Finding::warning(
            "work.schedules_failing",
            format!(
                "The last times of the schedules {} got no jobs.",
                listed(&schedules.failing)
            ),
            "See their errors with `callsheet schedules list --json`, and change their templates.",
        ));
    }
    found
}

fn check_webhooks(disabled: &[String]) -> Option<Finding> {
    (!disabled.is_empty()).then(|| {
        Finding::warning(
            "work.webhooks_disabled",
            format!(
                "The webhooks {} are disabled, and the history that they have not read is not \
                deleted.",
                listed(disabled)
            ),
            "See their reasons with `callsheet webhooks list`; then mend and resume them, or remove \
            them.",
        )
    })
}

fn check_orphans(orphans: &Orphans) -> Vec<Finding> {
    let mut found = Vec::new();
    if !orphans.actions.is_empty() {
        found.push(Finding::warning(
            "work.actions_stuck",
            format!(
                "No server continues the actions {}.",
                listed(&orphans.actions)
            ),
            "Start `callsheet serve`; if one runs, see the loop run_actions in its /health.",
        ));
    }
    if !orphans.imports.is_empty() {
        found.push(Finding::warning(
            "work.imports_stuck",
            format!(
                "The process of the imports {} is gone.",
                listed(&orphans.imports)
            ),
            "Start `callsheet serve`, which marks them as failed, and import again.",
        ));
    }
    found
}

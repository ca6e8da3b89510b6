//! get_stats: exact against a full count of the history.

use crate::support::{TestApp, any_job, at_once, for_good, for_now};
use callsheet::{
    jobs::{JobManager, NewJob, Progress, Stats, StatsDetail},
    lifecycle::{BucketSize, Tally},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{JobStatus, job, job_event};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::collections::BTreeMap;

/// Of the test that the issue asks for.
const CHANGES: usize = 10_000;

async fn one_change(
    t: &TestApp,
    ids: &mut Vec<String>,
    rng: &mut fastrand::Rng,
    ledger: &mut Ledger,
) {
    let types = ["idea2video", "script2video", "upscale"];
    if ids.is_empty() || rng.u8(..100) < 22 {
        let run_at =
            (rng.u8(..5) == 0).then(|| t.clock_now() + TimeDelta::minutes(rng.i64(-5..90)));
        let new = NewJob {
            job_type: types[rng.usize(..3)].into(),
            run_at,
            ..any_job()
        };
        ids.push(t.create(new).await.id);
        return;
    }
    // The newest as a rule, so that jobs run through their life.
    let among = ids.len().min(40);
    let place = ids.len() - 1 - rng.usize(..among);
    let id = ids[place].clone();
    // What the job's status does not allow is refused, and counts for nothing.
    match rng.u8(..20) {
        0..=6 => drop(t.start_job(&id, Some("render-1".into()), None).await),
        7..=11 => drop(t.mark_completed(&id, None, None).await),
        12 => drop(t.mark_failed(&id, for_good("broken"), None).await),
        13 => drop(t.mark_failed(&id, for_now("again"), None).await),
        14 => drop(t.cancel_job(&id, None, None).await),
        15 => drop(t.retry_job(&id, None).await),
        16 if rng.u8(..4) == 0 => {
            // Its history goes with it, whether it was rolled up or not.
            ledger.read(t).await;
            t.delete_job(&id, None).await.unwrap();
            ids.remove(place);
        }
        _ => {
            let report = Progress {
                progress: Some(f64::from(rng.u8(..100))),
                current_stage: None,
            };
            drop(t.update_progress(&id, report, None).await);
        }
    }
}

impl TestApp {
    fn clock_now(&self) -> DateTime<Utc> {
        callsheet::clock::Clock::now(&*self.clock)
    }
}

/// What was told of the jobs that were deleted is told no more, but stays counted.
#[derive(Default)]
struct Ledger {
    events: BTreeMap<i64, job_event::Model>,
}

impl Ledger {
    async fn read(&mut self, t: &TestApp) {
        // One change follows the other here, so the new ones are behind the last.
        let last = self.events.keys().last().copied().unwrap_or(0);
        let new = job_event::Entity::find().filter(job_event::Column::Id.gt(last));
        let events = new.all(t.database().read()).await.unwrap();
        self.events
            .extend(events.into_iter().map(|event| (event.id, event)));
    }

    fn count(&self, unit: BucketSize, start: DateTime<Utc>, job_type: Option<&str>) -> Tally {
        let mut tally = Tally::default();
        let wanted = |event: &&job_event::Model| {
            unit.start_of(event.created_at) == start
                && job_type.is_none_or(|of| event.job_type.as_deref() == Some(of))
        };
        self.events
            .values()
            .filter(wanted)
            .for_each(|event| tally.add(&event.kind, event.seconds));
        tally
    }
}

async fn hold(t: &TestApp, ledger: &Ledger, jobs: &JobManager) {
    for (unit, job_type) in [
        (BucketSize::Minute, None),
        (BucketSize::QuarterHour, Some("upscale")),
        (BucketSize::Hour, None),
        (BucketSize::Hour, Some("nothing")),
    ] {
        let stats: Stats = jobs
            .get_stats(unit, job_type, StatsDetail::default())
            .await
            .unwrap();
        assert_eq!(stats.spans.len(), usize::try_from(unit.reported()).unwrap());
        assert_eq!(stats.spans.last().unwrap().0, unit.start_of(t.clock_now()));
        for (start, told) in &stats.spans {
            assert_eq!(
                *told,
                ledger.count(unit, *start, job_type),
                "{unit:?} {start} {job_type:?}"
            );
        }
    }
    let now = t.clock_now();
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let today = ledger
        .events
        .values()
        .filter(|event| event.kind == "failed" && event.created_at >= midnight)
        .count();
    let stats = jobs
        .get_stats(BucketSize::Minute, None, StatsDetail::default())
        .await
        .unwrap();
    assert_eq!(stats.failures_today, i64::try_from(today).unwrap());
    let rows = job::Entity::find().all(t.database().read()).await.unwrap();
    let queued = || rows.iter().filter(|job| job.status == JobStatus::Queued);
    let due = |job: &job::Model| {
        job.run_at
            .unwrap_or(job.created_at)
            .max(job.status_since.unwrap())
    };
    assert_eq!(
        stats.waiting.scheduled,
        queued().filter(|job| due(job) > now).count() as u64
    );
    let oldest = queued().map(due).filter(|due| *due <= now).min();
    assert_eq!(stats.waiting.oldest.map(|oldest| oldest.due_since), oldest);
    let stuck = rows.iter().filter(|job| {
        job.status == JobStatus::Processing && job.updated_at + TimeDelta::minutes(15) <= now
    });
    assert_eq!(stats.waiting.stuck, stuck.count() as u64);
    for (job_type, counts) in stats.by_type {
        let of = |status| {
            rows.iter()
                .filter(|job| job.job_type == job_type && job.status == status)
                .count() as u64
        };
        assert_eq!(
            (counts.queued, counts.processing),
            (of(JobStatus::Queued), of(JobStatus::Processing))
        );
        assert_eq!(
            (counts.completed, counts.failed),
            (of(JobStatus::Completed), of(JobStatus::Failed))
        );
        assert_eq!(counts.cancelled, of(JobStatus::Cancelled));
    }
}

#[on_both]
async fn statistics_are_exact_after_10_000_random_changes_on_two_servers(t: TestApp) {
    let other = t.another().await;
    let (mut rng, mut ids, mut ledger) =
        (fastrand::Rng::with_seed(6), Vec::new(), Ledger::default());
    for change in 1..=CHANGES {
        t.clock.advance(TimeDelta::milliseconds(rng.i64(0..2500)));
        if rng.u16(..400) == 0 {
            ledger.read(&t).await;
            let (a, b) = tokio::join!(t.roll_up_stats(), other.roll_up_stats());
            a.and(b).unwrap();
        }
        one_change(&t, &mut ids, &mut rng, &mut ledger).await;
        if change % 2500 == 0 {
            ledger.read(&t).await;
            hold(&t, &ledger, if change % 5000 == 0 { &t } else { &other }).await;
        }
    }
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn what_happened_to_a_job_stays_counted_when_it_is_deleted_at_once(t: TestApp) {
    for _ in 0..3 {
        let job = t.queued().await;
        t.start(&job.id).await;
        t.clock.advance(TimeDelta::milliseconds(100));
        t.mark_failed(&job.id, for_good("broken"), None)
            .await
            .unwrap();
        t.delete_job(&job.id, None).await.unwrap();
    }
    for _ in 0..2 {
        let stats = t
            .get_stats(BucketSize::Minute, None, StatsDetail::default())
            .await
            .unwrap();
        let (_, told) = stats.spans.last().unwrap();
        assert_eq!(
            (
                told.created,
                told.started,
                told.failed,
                stats.failures_today
            ),
            (3, 3, 3, 3)
        );
        assert!(told.runs.percentile(0.5).is_some());
        t.roll_up_stats().await.unwrap();
    }
}

#[on_both]
async fn jobs_that_are_deleted_while_servers_roll_up_count_once(t: TestApp) {
    const JOBS: usize = 120;
    let other = t.another().await;
    let servers: Vec<JobManager> = vec![JobManager::clone(&t), JobManager::clone(&other)];
    let roll_up = |server: JobManager| async move {
        for _ in 0..20 {
            server.roll_up_stats().await.unwrap();
        }
    };
    let come_and_go = |server: JobManager| async move {
        for _ in 0..JOBS / 6 {
            let job = server.create_job(any_job(), None).await.unwrap().job;
            server.delete_job(&job.id, None).await.unwrap();
        }
    };
    let rolling = servers.clone().into_iter().map(roll_up);
    let going = servers.iter().cycle().take(6).cloned().map(come_and_go);
    tokio::join!(at_once(rolling), at_once(going));
    for server in &servers {
        let stats = server
            .get_stats(BucketSize::Hour, None, StatsDetail::default())
            .await
            .unwrap();
        assert_eq!(
            stats.spans.last().unwrap().1.created,
            i64::try_from(JOBS).unwrap()
        );
        server.roll_up_stats().await.unwrap();
    }
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn percentiles_are_of_what_jobs_waited_and_ran(t: TestApp) {
    for seconds in 1..=20 {
        let job = t.queued().await;
        t.clock.advance(TimeDelta::milliseconds(seconds * 10));
        t.start(&job.id).await;
        t.clock.advance(TimeDelta::milliseconds(seconds * 100));
        t.mark_completed(&job.id, None, None).await.unwrap();
        if seconds == 10 {
            t.roll_up_stats().await.unwrap();
        }
    }
    let stats = t
        .get_stats(BucketSize::Hour, None, StatsDetail::default())
        .await
        .unwrap();
    let (_, told) = stats.spans.last().unwrap();
    assert_eq!((told.created, told.started, told.completed), (20, 20, 20));
    let near = |told: Option<f64>, exact: f64| {
        assert!(
            (told.unwrap() - exact).abs() <= exact * 0.021,
            "{told:?} {exact}"
        )
    };
    near(told.waits.percentile(0.5), 0.1);
    near(told.waits.percentile(0.95), 0.19);
    near(told.runs.percentile(0.5), 1.0);
    near(told.runs.percentile(0.95), 1.9);
}

#[on_both]
async fn what_happened_long_ago_is_not_kept(t: TestApp) {
    t.queued().await;
    t.roll_up_stats().await.unwrap();
    t.clock.advance(TimeDelta::days(9));
    t.queued().await;
    t.roll_up_stats().await.unwrap();
    let rows = entity::job_stat::Entity::find()
        .all(t.database().read())
        .await
        .unwrap();
    assert_eq!(
        rows.iter()
            .map(|row| (row.unit, row.created))
            .collect::<Vec<_>>(),
        [(60, 1), (900, 1), (3600, 1)]
    );
}

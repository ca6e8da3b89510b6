//! Schedules in five zones over two changes of the clocks, on three servers whose calls are cut off
//! at random: each time gets one job.

use crate::support::{Backend, TestApp, any_job, at_once, setting};
use callsheet::jobs::{JobManager, NewSchedule};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    job,
    schedule::{Missed, Overlap, ScheduleKind},
};
use futures_util::StreamExt;
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

const ZONES: [&str; 5] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "UTC",
];

/// Expressions whose times lie around the changes, and all day long.
const EXPRESSIONS: [&str; 4] = ["*/10 * * * *", "30 2 * * *", "0 0-3 * * *", "7 */2 * * *"];

/// Weeks in which clocks of these zones change, forward and back.
const SPANS: [&str; 2] = ["2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z"];

fn new(zone: &str, expr: &str, nth: usize) -> NewSchedule {
    let id = format!("{}-{nth}", zone.to_lowercase().replace('/', "."));
    NewSchedule {
        id,
        kind: ScheduleKind::Cron,
        expr: expr.to_owned(),
        timezone: Some(zone.to_owned()),
        template: any_job(),
        overlap: Some(Overlap::Allow),
        missed: Some(Missed::All),
        window_seconds: None,
        jitter_seconds: None,
        starts_at: None,
        ends_at: None,
        paused: false,
    }
}

/// A server that fires as fast as it can, until it is cut off.
fn serve(jobs: JobManager) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let _ = jobs.fire_schedules().await;
            tokio::task::yield_now().await;
        }
    })
}

/// Ends the connections of all servers, as a crash of them does; SQLite has none.
async fn cut_connections(t: &TestApp) {
    if t.db.backend == Backend::Postgres {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let _ = t.database().read().execute_unprepared(sql).await;
    }
}

/// Repeats a call until it succeeds: a connection that was cut off is found out by a call.
async fn again<O, E: Debug, F: Future<Output = Result<O, E>>>(call: impl Fn() -> F) -> O {
    let mut last = None;
    for _ in 0..50 {
        match call().await {
            Ok(output) => return output,
            Err(error) => last = Some(error),
        }
    }
    panic!("{last:?}")
}

async fn ids(t: &TestApp) -> BTreeSet<String> {
    let ids = job::Entity::find().select_only().column(job::Column::Id);
    let ids: Vec<String> = again(|| ids.clone().into_tuple().all(t.database().read())).await;
    ids.into_iter().collect()
}

/// Times that the schedules have from `from` up to `to`, as ids of jobs.
async fn expected(t: &TestApp, from: DateTime<Utc>, to: DateTime<Utc>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (nth, expr) in EXPRESSIONS.iter().enumerate() {
        for zone in ZONES {
            let (id, mut at) = (new(zone, expr, nth).id, from);
            while at < to {
                t.clock.jump(at - t.now());
                let zone = Some(zone.to_owned());
                let kind = ScheduleKind::Cron;
                let shown = t.preview_schedule(kind, (*expr).to_owned(), zone, (None, None), 100);
                for time in shown.unwrap().next {
                    if time <= to {
                        all.insert(format!("{id}.{}", time.format("%Y%m%dT%H%M%SZ")));
                    }
                    at = time;
                }
            }
        }
    }
    all
}

/// Lets the time of one span pass in steps of up to two hours, until `fires` times have come.
async fn storm(t: &TestApp, from: DateTime<Utc>, fires: usize) -> usize {
    let (mut to, mut due) = (from, BTreeSet::new());
    while due.len() < fires {
        to += TimeDelta::hours(6);
        due = expected(t, from, to).await;
    }
    t.clock.jump(from - t.now());
    let before = ids(t).await;
    for (nth, expr) in EXPRESSIONS.iter().enumerate() {
        for zone in ZONES {
            t.create_schedule(new(zone, expr, nth)).await.unwrap();
        }
    }
    let managers = [t.another().await, t.another().await, t.another().await];
    let mut servers: Vec<_> = managers.iter().cloned().map(serve).collect();
    let mut back = 0;
    while t.now() < to {
        let step = TimeDelta::minutes(fastrand::i64(1..=120));
        t.clock.set((t.now() + step).min(to));
        if fastrand::u8(..) < 40 && back < 20 {
            // A clock that is set back repeats nothing, and the time comes again.
            back += 1;
            t.clock.jump(TimeDelta::minutes(-fastrand::i64(1..=90)));
        }
        if fastrand::bool() {
            let nth = fastrand::usize(..servers.len());
            servers[nth].abort();
            servers[nth] = serve(managers[nth].clone());
        }
        if fastrand::u8(..) < 20 {
            cut_connections(t).await;
        }
        tokio::time::timeout(Duration::from_secs(60), caught_up(t))
            .await
            .unwrap();
    }
    for server in servers {
        server.abort();
    }
    let made: BTreeSet<String> = &ids(t).await - &before;
    let lost: Vec<_> = due.difference(&made).take(5).collect();
    let strange: Vec<_> = made.difference(&due).take(5).collect();
    assert!(
        lost.is_empty() && strange.is_empty(),
        "lost {lost:?}, strange {strange:?}"
    );
    counted(t, &made).await;
    for manager in managers {
        let _ = manager.database().clone().close().await;
    }
    due.len()
}

/// Waits until nothing is due.
async fn caught_up(t: &TestApp) {
    loop {
        let due = t.database().due_schedules(t.now(), 1).await;
        if due.is_ok_and(|due| due.is_empty()) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Each schedule has counted its jobs, and is removed for the next span.
async fn counted(t: &TestApp, made: &BTreeSet<String>) {
    let mut of: BTreeMap<&str, i64> = BTreeMap::new();
    for id in made {
        *of.entry(id.rsplit_once('.').unwrap().0).or_default() += 1;
    }
    for row in again(|| t.list_schedules(None, 200)).await.0 {
        let jobs = of.get(row.id.as_str()).copied().unwrap_or(0);
        assert_eq!(
            (row.fired, row.skipped, row.error),
            (jobs, 0, None),
            "{}",
            row.id
        );
        again(|| t.pause_schedule(&row.id)).await;
        again(|| async {
            match t.delete_schedule(&row.id).await {
                Err(error) if error.code() != "schedule_not_found" => Err(error),
                _ => Ok(()),
            }
        })
        .await;
    }
}

#[on_both]
async fn each_time_fires_once_over_two_changes_of_the_clocks(t: TestApp) {
    let fires: usize = setting("CALLSHEET_TEST_FIRES").unwrap_or(400);
    let seed = setting("CALLSHEET_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    fastrand::seed(seed);
    let mut fired = 0;
    for from in SPANS {
        fired += storm(&t, from.parse().unwrap(), fires / SPANS.len()).await;
    }
    println!("{fired} times, each once");
}

#[on_both]
async fn all_that_are_due_in_one_minute_fire_within_it(t: TestApp) {
    let due: usize = setting("CALLSHEET_TEST_DUE").unwrap_or(500);
    let made = futures_util::stream::iter(0..due).map(|n| {
        let mut new = new("UTC", "0 12 * * *", n);
        new.id = format!("noon-{n}");
        t.create_schedule(new)
    });
    let made = made.buffer_unordered(64).map(Result::unwrap).count().await;
    t.clock.advance(TimeDelta::hours(12));
    let began = Instant::now();
    let servers = [(*t).clone(), t.another().await];
    // A write that comes too late on a busy machine is made in the next round.
    let calls = servers
        .clone()
        .map(|jobs| async move { while jobs.fire_schedules().await.is_err() {} });
    at_once(calls).await;
    caught_up(&t).await;
    let took = began.elapsed();
    println!("{made} schedules due at once: {took:?} on two servers");
    assert_eq!((made, ids(&t).await.len()), (due, due));
    assert!(took < Duration::from_secs(60), "{took:?}");
    servers[1].database().clone().close().await.unwrap();
}

//! A row that can't be read, as only a stranger could have written it, costs itself: it is left out
//! of lists, claims, exports, streams and counts, and asking for it is an error of its own.

use crate::support::{Backend, TestApp, any_job, claim, refusal};
use callsheet::{
    export,
    jobs::{
        EventFilter, Filter, JobsMessage, NewItem, NewJob, Order, PageAfter, Progress, StatsDetail,
        View,
    },
    lifecycle::{BucketSize, Cursor},
};
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use std::path::Path;

/// What a stranger makes of a job.
fn harms(backend: Backend) -> Vec<&'static str> {
    let everywhere = ["status = 'odd'"];
    let here: &[&str] = match backend {
        Backend::Sqlite => &[
            "created_at = '+12000-01-01T00:00:00+00:00'",
            "created_at = x'ff'",
            "updated_at = 'yesterday'",
            "run_at = 'soon'",
            "run_at = x'ff'",
            "started_at = -1e300",
            "project_title = x'00ff'",
            "content = CAST(x'ff' AS TEXT)",
            "request_data = '{'",
            "labels = '[1'",
            "attempt = 'many'",
            "attempt = 3000000000",
            "priority = 70000",
            "version = 1e300",
            "progress = 'half'",
            "id = x'ff00'",
        ],
        Backend::Postgres => &[
            "created_at = 'infinity'",
            "created_at = '-infinity'",
            "updated_at = '294276-01-01'",
            "run_at = '-infinity'",
            "request_data = '1e400'",
            "context = (repeat('[', 300) || repeat(']', 300))::jsonb",
        ],
    };
    here.iter().copied().chain(everywhere).collect()
}

/// Runs the statement as someone whom no CHECK holds back.
pub async fn harm(t: &TestApp, sql: &str) {
    let raw = t.db.raw().await;
    let sql = match t.db.backend {
        Backend::Sqlite => {
            format!("PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on; {sql}")
        }
        Backend::Postgres => format!(
            "DO $$ DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint \
             WHERE contype = 'c' AND connamespace = 'public'::regnamespace LOOP \
             EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$; {sql}"
        ),
    };
    raw.execute_unprepared(&sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    raw.close().await.unwrap();
}

async fn harm_job(t: &TestApp, id: &str, set: &str) {
    harm(
        t,
        &format!("UPDATE video_generation_jobs SET {set} WHERE id = '{id}'"),
    )
    .await;
}

async fn ids(t: &TestApp, filter: &Filter, view: View, after: PageAfter) -> Vec<String> {
    let page = t
        .list_jobs(filter, Order::OldestFirst, after, 200, view)
        .await
        .unwrap();
    page.jobs.into_iter().map(|job| job.id).collect()
}

#[on_both]
async fn a_job_that_cannot_be_read_keeps_no_other_from_being_used(t: TestApp) {
    for (i, set) in harms(t.db.backend).into_iter().enumerate() {
        let kind = format!("kind-{i}");
        let new = |name: &str| NewJob {
            job_id: Some(format!("{name}-{i}")),
            job_type: kind.clone(),
            items: vec![NewItem {
                key: "a".into(),
                input: None,
            }],
            ..any_job()
        };
        for name in ["bad", "good", "held"] {
            t.create(new(name)).await;
            t.clock.advance(TimeDelta::seconds(1));
        }
        let (bad, good, held) = (format!("bad-{i}"), format!("good-{i}"), format!("held-{i}"));
        t.start(&held).await;
        harm_job(&t, &bad, set).await;
        let filter = Filter {
            job_type: Some(kind.clone()),
            ..Filter::default()
        };
        for view in [View::Full, View::Summary, View::Preview] {
            for after in [PageAfter::Start, PageAfter::Offset(0)] {
                // A summary does not read what may be large.
                let shown = view != View::Full
                    && ["content", "request_data", "context"]
                        .iter()
                        .any(|c| set.starts_with(c));
                let expected = if shown {
                    vec![bad.as_str(), &good, &held]
                } else {
                    vec![good.as_str(), &held]
                };
                assert_eq!(ids(&t, &filter, view, after).await, expected, "{set}");
            }
        }
        let by_text = Filter {
            q: Some("nowhere".into()),
            ..filter.clone()
        };
        assert!(
            ids(&t, &by_text, View::Full, PageAfter::Start)
                .await
                .is_empty(),
            "{set}"
        );
        if !set.starts_with("id") {
            refusal(t.get_job(&bad).await, "internal_error");
            refusal(t.delete_job(&bad, None).await, "internal_error");
            refusal(t.cancel_job(&bad, None, None).await, "internal_error");
        }
        let at_once = tokio::join!(
            t.cancel_job(&bad, None, None),
            t.update_progress(
                &held,
                Progress {
                    progress: Some(5.0),
                    current_stage: None
                },
                None
            ),
        );
        assert!(at_once.0.is_err(), "{set}");
        assert_eq!(at_once.1.unwrap().progress, 5.0, "{set}");
        let claimed = t
            .claim_jobs(callsheet::jobs::Claim {
                job_types: vec![kind.clone()],
                max_jobs: 10,
                ..claim("w")
            })
            .await
            .unwrap_or_else(|error| panic!("{set}: {error}"));
        assert_eq!(
            claimed
                .iter()
                .map(|one| one.job.id.as_str())
                .collect::<Vec<_>>(),
            [good.as_str()],
            "{set}"
        );
        assert_eq!(claimed[0].items.len(), 1);
        t.rescue_jobs().await.unwrap();
        t.get_stats(
            BucketSize::Hour,
            Some(&kind),
            StatsDetail {
                next: Some(10),
                failures: Some(10),
            },
        )
        .await
        .unwrap_or_else(|error| panic!("{set}: {error}"));
        t.list_workers().await.unwrap();
        t.list_queues().await.unwrap();
        t.count_jobs(&filter).await.unwrap();
        t.count_jobs(&Filter {
            labels: vec![("a".into(), "b".into())],
            ..filter.clone()
        })
        .await
        .unwrap();
        let two = Filter {
            labels: vec![("a".into(), "b".into()), ("c".into(), "d".into())],
            ..filter.clone()
        };
        t.count_jobs(&two)
            .await
            .unwrap_or_else(|error| panic!("{set}: {error}"));
    }
    let harms = harms(t.db.backend).len();
    let mut out = Vec::new();
    assert_eq!(
        export::jsonl(&t, &mut out).await.unwrap() as usize,
        2 * harms
    );
    t.roll_up_stats().await.unwrap();
    assert!(callsheet::db::unreadable_rows() >= harms as u64);
}

#[on_both]
async fn a_page_goes_on_behind_jobs_that_cannot_be_read(t: TestApp) {
    for i in 0..30 {
        t.named(&format!("job-{i:02}")).await;
        t.clock.advance(TimeDelta::seconds(1));
    }
    harm(
        &t,
        "UPDATE video_generation_jobs SET status = 'odd' WHERE id BETWEEN 'job-03' AND 'job-24'",
    )
    .await;
    let (mut met, mut after) = (Vec::new(), PageAfter::Start);
    loop {
        let page = t
            .list_jobs(&Filter::default(), Order::OldestFirst, after, 2, View::Full)
            .await
            .unwrap();
        met.extend(page.jobs.into_iter().map(|job| job.id));
        match page.next {
            Some(next) => after = PageAfter::Cursor(next),
            None => break,
        }
    }
    assert_eq!(
        met,
        [
            "job-00", "job-01", "job-02", "job-25", "job-26", "job-27", "job-28", "job-29"
        ]
    );
    let (mut exported, mut after) = (Vec::new(), None);
    loop {
        let page = t.export_page(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(Cursor {
            created_at: last.job.created_at,
            id: last.job.id.clone(),
        });
        exported.extend(page.into_iter().map(|whole| whole.job.id));
    }
    assert_eq!(exported, met);
}

#[on_both]
async fn a_queue_full_of_jobs_that_cannot_be_read_still_gives_out_the_others(t: TestApp) {
    for i in 0..50 {
        t.named(&format!("job-{i:02}")).await;
        t.clock.advance(TimeDelta::seconds(1));
    }
    let harm_all = match t.db.backend {
        Backend::Sqlite => {
            "UPDATE video_generation_jobs SET run_at = 'a', updated_at = 'a' WHERE id < 'job-47'"
        }
        Backend::Postgres => {
            "UPDATE video_generation_jobs SET run_at = '-infinity' WHERE id < 'job-47'"
        }
    };
    let harm_all = if t.db.backend == Backend::Sqlite {
        harm_all.replace("'a'", "''")
    } else {
        harm_all.to_owned()
    };
    harm(&t, &harm_all).await;
    let mut met = Vec::new();
    for _ in 0..3 {
        met.push(t.claimed("w").await.job.id);
    }
    assert_eq!(met, ["job-47", "job-48", "job-49"]);
    assert!(t.claim_jobs(claim("w")).await.unwrap().is_empty());
}

#[on_both]
async fn items_and_events_that_cannot_be_read_are_left_out(t: TestApp) {
    let job = t.with_items(&["a", "b", "c"]).await;
    let mut watch = t.watch_jobs(EventFilter::default(), None).unwrap();
    assert!(matches!(
        watch.next().await.unwrap(),
        Some(JobsMessage::Snapshot { .. })
    ));
    t.start(&job.id).await;
    for progress in [10.0, 20.0] {
        t.update_progress(
            &job.id,
            Progress {
                progress: Some(progress),
                current_stage: None,
            },
            None,
        )
        .await
        .unwrap();
    }
    harm(&t, "UPDATE job_items SET status = 'odd' WHERE idx = 1").await;
    harm(&t, "UPDATE job_events SET status = 'odd' WHERE seq = 3").await;
    let keys = |items: Vec<entity::job_item::Model>| {
        items.into_iter().map(|item| item.key).collect::<Vec<_>>()
    };
    assert_eq!(
        keys(t.list_items(&job.id, None, 2).await.unwrap().rows),
        ["a", "c"]
    );
    assert_eq!(
        keys(t.view_job(&job.id, i64::MAX).await.unwrap().0.items.clone()),
        ["a", "c"]
    );
    let seqs = |events: Vec<entity::job_event::Model>| {
        events
            .into_iter()
            .map(|event| event.seq)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        seqs(t.list_events(&job.id, None, 3).await.unwrap().rows),
        [1, 2, 4]
    );
    let other = t.another().await;
    let mut again = other
        .watch_jobs(
            EventFilter::default(),
            Some(callsheet::jobs::StreamPosition::of(0)),
        )
        .unwrap();
    let mut met = Vec::new();
    while met.last() != Some(&4) {
        let news = tokio::time::timeout(std::time::Duration::from_secs(30), again.next())
            .await
            .unwrap()
            .unwrap();
        if let Some(JobsMessage::Changes(wanted)) = news {
            met.extend(wanted.changes().map(|change| change.event.seq));
        }
    }
    assert_eq!(met, [1, 2, 4]);
    let mut one = t.watch_job(&job.id, Some(1)).await.unwrap().unwrap();
    assert!(one.next().await.unwrap().is_some());
    drop((again, one));
    other.end_streams().await;
    other.database().clone().close().await.unwrap();
    t.roll_up_stats().await.unwrap();
    let exported = t.export_page(None, 10).await.unwrap();
    assert_eq!((exported[0].items.len(), exported[0].events.len()), (2, 3));
}

#[on_both]
async fn series_that_cannot_be_read_are_left_out_and_can_be_deleted(t: TestApp) {
    let mut made = Vec::new();
    for title in ["one", "two", "three"] {
        made.push(t.series(title).await);
        t.clock.advance(TimeDelta::seconds(1));
    }
    let set = match t.db.backend {
        Backend::Sqlite => "title = x'ff'",
        Backend::Postgres => "created_at = 'infinity'",
    };
    harm(
        &t,
        &format!("UPDATE series SET {set} WHERE id = '{}'", made[1]),
    )
    .await;
    let (page, next) = t.list_series(None, 2).await.unwrap();
    assert_eq!(
        page.into_iter()
            .map(|series| series.title)
            .collect::<Vec<_>>(),
        ["three", "one"]
    );
    assert!(next.is_none());
    refusal(t.get_series(&made[1]).await, "internal_error");
    t.create(NewJob {
        series_id: Some(made[1].clone()),
        ..any_job()
    })
    .await;
    t.delete_series(&made[1]).await.unwrap();
    refusal(t.get_series(&made[1]).await, "series_not_found");
}

#[on_both]
async fn counters_at_their_end_stop_their_own_job(t: TestApp) {
    let (attempts, steps, last) = (
        t.named("attempts").await,
        t.named("steps").await,
        t.named("last").await,
    );
    let raw = t.db.raw().await;
    for (set, id) in [
        ("attempt = 1000000", &attempts.id),
        ("version = 9007199254740992", &steps.id),
    ] {
        raw.execute_unprepared(&format!(
            "UPDATE video_generation_jobs SET {set} WHERE id = '{id}'"
        ))
        .await
        .unwrap();
        let beyond = set.replace("1000000", "1000001").replace("992", "993");
        let sql = format!("UPDATE video_generation_jobs SET {beyond} WHERE id = '{id}'");
        assert!(
            raw.execute_unprepared(&sql).await.is_err(),
            "{beyond} was let in"
        );
    }
    assert_eq!(t.claimed("w").await.job.id, last.id);
    assert!(t.claim_jobs(claim("w")).await.unwrap().is_empty());
    refusal(
        t.start_job("attempts", None, None).await,
        "counter_exhausted",
    );
    refusal(t.cancel_job("steps", None, None).await, "counter_exhausted");
    t.cancel_job("attempts", None, None).await.unwrap();
    t.delete_job("steps", None).await.unwrap();
    let again = NewJob {
        job_id: Some("steps".into()),
        ..any_job()
    };
    refusal(t.create_job(again, None).await, "counter_exhausted");
    assert_eq!(
        ids(&t, &Filter::default(), View::Full, PageAfter::Start)
            .await
            .len(),
        2
    );
}

/// Keys are read all or none: a server that left one out could seem to have none, and be open.
const KEYS: &str = "oldest.all(self.read())";

/// sea-orm's own `all` and `one` fail for all rows when they fail for one.
#[test]
fn no_query_reads_its_rows_in_one_go() {
    let mut folders = ["src/jobs", "src/db"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for (number, line) in text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.contains("within(READ_TIMEOUT)") && !line.contains(KEYS))
            {
                let ends = [".all(", ".one("]
                    .iter()
                    .filter_map(|call| line.split_once(call))
                    .map(|(_, rest)| rest);
                let on_database = |rest: &str| {
                    let rest = rest.trim_start_matches('&');
                    ["db", "tx", "conn", "self."]
                        .iter()
                        .any(|name| rest.starts_with(name))
                };
                let at = format!("{}, line {}", path.display(), number + 1);
                assert!(
                    !ends.into_iter().any(on_database),
                    "{at}: use `rows`, `row` or `page` of db::Readable: {line}"
                );
            }
        }
    }
}

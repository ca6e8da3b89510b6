//! Looking for a text may take long, and keeps nobody else from reading.

use crate::support::{Backend, Patience, TestApp, any_job};
use callsheet::jobs::{Filter, JobManager, NewJob, Order, PageAfter, View};
use chrono::TimeDelta;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait,
};

fn words(q: &str) -> Filter {
    Filter {
        q: Some(q.to_owned()),
        ..Filter::default()
    }
}

#[on_both]
async fn what_is_looked_for_is_counted_whether_or_not_it_fills_the_page(t: TestApp) {
    for n in 0..5 {
        t.create(NewJob {
            project_title: Some(format!("Night train {n}")),
            ..any_job()
        })
        .await;
    }
    for (q, limit, after, jobs, total) in [
        ("night TRAIN", 5, 0, 5, 5),
        ("night train", 4, 0, 4, 5),
        ("night train", 4, 4, 1, 5),
        ("night train", 4, 9, 0, 5),
        ("day train", 4, 0, 0, 0),
    ] {
        let page = t
            .list_jobs(
                &words(q),
                Order::NewestFirst,
                PageAfter::Offset(after),
                limit,
                View::Full,
            )
            .await
            .unwrap();
        assert_eq!(
            (page.jobs.len(), page.total.jobs, page.total.exact),
            (jobs, total, true),
            "{q} {limit} {after}"
        );
    }
}

/// Keeps readers of the jobs waiting.
#[allow(clippy::disallowed_methods, reason = "a stranger")]
async fn locked(raw: &DatabaseConnection) -> DatabaseTransaction {
    let lock = raw.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE video_generation_jobs IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    lock
}

/// Only PostgreSQL can keep readers waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_look_for_a_text_leave_connections_to_others_on_postgres() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        t.create(any_job()).await;
        let raw = t.db.raw().await;
        let lock = locked(&raw).await;
        let look = |_| {
            let jobs = (*t).clone();
            tokio::spawn(async move {
                jobs.count_jobs(&words("fox"))
                    .await
                    .map(|counts| counts.total())
            })
        };
        let searches: Vec<_> = (0..20).map(look).collect();
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = \
                       (SELECT oid FROM pg_database WHERE datname = current_database())";
        let watch = t.db.raw().await;
        let waiting = || async {
            let asked = Statement::from_string(watch.get_database_backend(), waiting);
            watch
                .query_one_raw(asked)
                .await
                .unwrap()
                .unwrap()
                .try_get_by_index::<i64>(0)
                .unwrap()
        };
        let patience = Patience::begin();
        while waiting().await < 2 {
            patience.pause("two searches wait for the table").await;
        }
        // All others have had their chance to wait for the table as well.
        t.list_series(None, 10).await.unwrap();
        assert_eq!(waiting().await, 2);
        // The database goes on with what those asked that leave.
        for search in searches {
            search.abort();
            assert!(search.await.unwrap_err().is_cancelled());
        }
        let searches: Vec<_> = (0..20).map(look).collect();
        t.list_series(None, 10).await.unwrap();
        assert_eq!(waiting().await, 2);
        lock.rollback().await.unwrap();
        for search in searches {
            search.await.unwrap().unwrap();
        }
        raw.close().await.unwrap();
        watch.close().await.unwrap();
    })
    .await;
}

/// The ids, and the pages that it took.
async fn all_of(
    jobs: &JobManager,
    filter: &Filter,
    order: Order,
    limit: u64,
) -> (Vec<String>, usize) {
    let (mut after, mut ids) = (PageAfter::Start, Vec::new());
    for pages in 1.. {
        let page = jobs
            .list_jobs(filter, order, after, limit, View::Summary)
            .await
            .unwrap();
        assert!(page.jobs.len() as u64 <= limit);
        ids.extend(page.jobs.into_iter().map(|job| job.id));
        match page.next {
            Some(next) => after = PageAfter::Cursor(next),
            None => return (ids, pages),
        }
    }
    unreachable!()
}

#[on_both]
async fn pages_that_look_at_some_jobs_each_find_what_one_that_looks_at_all_does(t: TestApp) {
    for n in 0..40 {
        let found = [3, 4, 5, 21, 39].contains(&n);
        let title = if found { "Night train" } else { "Day ship" };
        let mode = Some(if found { "script" } else { "idea" }.to_owned());
        let job_type = if n % 2 == 0 { "even" } else { "odd" }.to_owned();
        // Four jobs of one moment, so that the id decides.
        t.clock.advance(TimeDelta::seconds(i64::from(n % 4 == 0)));
        t.create(NewJob {
            project_title: Some(title.to_owned()),
            mode,
            job_type,
            ..any_job()
        })
        .await;
    }
    let mode = Filter {
        mode: Some("script".to_owned()),
        ..words("train")
    };
    let odd = Filter {
        job_type: Some("odd".to_owned()),
        ..words("train")
    };
    let nowhere = words("plane");
    for (filter, found) in [(words("train"), 5), (mode, 5), (odd, 4), (nowhere, 0)] {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let whole = t
                .list_jobs(&filter, order, PageAfter::Offset(0), 200, View::Full)
                .await
                .unwrap();
            let whole: Vec<_> = whole.jobs.into_iter().map(|job| job.id).collect();
            assert_eq!(whole.len(), found);
            for (looked_at, limit) in [
                (1, 1),
                (1, 3),
                (3, 2),
                (7, 3),
                (7, 200),
                (39, 4),
                (40, 5),
                (41, 5),
                (400, 200),
            ] {
                let jobs = JobManager::clone(&t).looking_at(looked_at);
                let (ids, pages) = all_of(&jobs, &filter, order, limit).await;
                assert_eq!(ids, whole, "{filter:?} {order:?} {looked_at} {limit}");
                assert!(
                    looked_at < 41 || pages == found.div_ceil(limit as usize).max(1),
                    "{looked_at} {limit} {pages}"
                );
            }
        }
    }
}

#[on_both]
async fn a_total_of_a_part_says_that_there_may_be_more(t: TestApp) {
    for n in 0..10 {
        t.clock.advance(TimeDelta::seconds(1));
        let title = if n % 2 == 0 {
            "Night train"
        } else {
            "Day ship"
        };
        t.create(NewJob {
            project_title: Some(title.to_owned()),
            ..any_job()
        })
        .await;
    }
    for (looked_at, limit, found, total, exact, more) in [
        (4, 9, 2, 2, false, true),
        (4, 1, 1, 2, false, true),
        (20, 9, 5, 5, true, false),
        (20, 2, 2, 5, true, true),
    ] {
        let jobs = JobManager::clone(&t).looking_at(looked_at);
        let page = jobs
            .list_jobs(
                &words("train"),
                Order::NewestFirst,
                PageAfter::Start,
                limit,
                View::Summary,
            )
            .await
            .unwrap();
        let seen = (
            page.jobs.len(),
            page.total.jobs,
            page.total.exact,
            page.next.is_some(),
        );
        assert_eq!(seen, (found, total, exact, more), "{looked_at} {limit}");
    }
}

#[on_both]
async fn a_text_is_looked_for_where_it_may_stand(t: TestApp) {
    let content = |before: usize| {
        Some(format!(
            "{}Night TRAIN 100%_\\{}",
            "x".repeat(before),
            "y".repeat(10)
        ))
    };
    for before in [0, 65_536 - 20, 65_536 - 5, 65_536] {
        t.create(NewJob {
            content: content(before),
            ..any_job()
        })
        .await;
    }
    let found = async |q: &str| t.count_jobs(&words(q)).await.unwrap().total();
    assert_eq!((found("night train").await, found("nowhere").await), (2, 0));
    // What means something to a database means itself.
    assert_eq!(
        (
            found("100%_\\y").await,
            found("N%n").await,
            found("_").await
        ),
        (2, 0, 2)
    );
    assert_eq!(found("night").await, 3);
}

#[on_both]
async fn a_text_to_look_for_has_100_characters_at_most(t: TestApp) {
    let long = |n| words(&"ü".repeat(n));
    t.count_jobs(&long(100)).await.unwrap();
    for n in [101, 30_000, 200_000] {
        let error = t.count_jobs(&long(n)).await.unwrap_err();
        assert_eq!(
            (error.code(), crate::support::parameters(&error)),
            ("invalid_request", vec!["q too_long".into()])
        );
    }
    let page = t
        .list_jobs(
            &long(101),
            Order::NewestFirst,
            PageAfter::Start,
            1,
            View::Full,
        )
        .await;
    assert_eq!(
        page.map(|page| page.jobs).unwrap_err().code(),
        "invalid_request"
    );
}

/// Each step of a walk on SQLite is made, however late it is; PostgreSQL would give it up in the
/// middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_time_finds_all_by_cursor_and_nothing_by_offset() {
    crate::support::run(Backend::Sqlite, |t: TestApp| async move {
        let job = |n| NewJob {
            project_title: (n % 100 == 7).then(|| "Night train".to_owned()),
            ..any_job()
        };
        t.create_jobs((0..900).map(job).collect(), None)
            .await
            .unwrap();
        let hurried = JobManager::clone(&t).looking_for(std::time::Duration::ZERO);
        let (ids, pages) = all_of(&hurried, &words("train"), Order::NewestFirst, 200).await;
        assert!(ids.len() == 9 && pages > 2, "{} on {pages}", ids.len());
        let page = hurried
            .list_jobs(
                &words("train"),
                Order::NewestFirst,
                PageAfter::Offset(0),
                9,
                View::Full,
            )
            .await;
        assert_eq!(
            page.map(|page| page.jobs).unwrap_err().code(),
            "search_too_long"
        );
        assert_eq!(
            hurried
                .count_jobs(&words("train"))
                .await
                .unwrap_err()
                .code(),
            "search_too_long"
        );
        assert_eq!(t.count_jobs(&words("train")).await.unwrap().total(), 9);
    })
    .await;
}

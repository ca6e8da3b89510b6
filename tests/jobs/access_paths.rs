//! The shortest access path leads to the jobs of a filter.

use crate::support::{TestApp, any_job, claim, parameters};
use callsheet::{
    db::{Database, Observer, Options},
    jobs::{Claim, Filter, JobManager, NewJob, Order, Page, PageAfter, View},
};
use entity::JobStatus;
use sea_orm::Statement;
use std::sync::{Arc, Mutex};

/// The page, and the statements that it took.
async fn page(t: &TestApp, filter: &Filter) -> (Page, Vec<String>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let all = seen.clone();
    let observer = Observer(Arc::new(move |asked: &Statement| {
        all.lock().unwrap().push(asked.sql.clone())
    }));
    let db = Database::connect(&Options {
        observer: Some(observer),
        ..Options::new(&t.db.url)
    })
    .await
    .unwrap();
    let jobs = JobManager::new(db, t.clock.clone(), t.chance.clone());
    let page = jobs
        .list_jobs(filter, Order::NewestFirst, PageAfter::Start, 50, View::Full)
        .await
        .unwrap();
    jobs.database().clone().close().await.unwrap();
    (page, std::mem::take(&mut *seen.lock().unwrap()))
}

fn reads_jobs(sql: &str) -> bool {
    sql.contains("result_data")
}

fn team(name: &str) -> Vec<(String, String)> {
    vec![("team".into(), name.into())]
}

/// Thirty jobs of a team, of which one runs, and one of another.
async fn thirty_one(t: &TestApp) {
    for n in 0..31 {
        let labels = team(if n == 7 { "few" } else { "many" })
            .into_iter()
            .collect();
        t.create(NewJob {
            labels,
            ..any_job()
        })
        .await;
    }
    let claimed = t
        .claim_jobs(Claim {
            max_jobs: 1,
            ..claim("w")
        })
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
}

#[on_both]
async fn the_rarer_of_two_leads_to_the_jobs(t: TestApp) {
    thirty_one(&t).await;
    for (status, labels, found, by_label) in [
        (JobStatus::Processing, team("many"), 1, false),
        (JobStatus::Queued, team("few"), 1, true),
        (
            JobStatus::Queued,
            [team("many"), team("few")].concat(),
            0,
            true,
        ),
    ] {
        let (page, asked) = page(
            &t,
            &Filter {
                status: Some(status),
                labels,
                ..Filter::default()
            },
        )
        .await;
        assert_eq!(
            (page.jobs.len(), page.total.jobs, page.total.exact),
            (found, found as u64, true),
            "{asked:#?}"
        );
        let page = asked.iter().find(|sql| reads_jobs(sql)).unwrap();
        assert_eq!(page.contains("job_labels"), by_label, "{page}");
    }
}

#[on_both]
async fn what_there_is_none_of_is_known_without_a_look_at_a_job(t: TestApp) {
    thirty_one(&t).await;
    let none = [
        Filter {
            status: Some(JobStatus::Failed),
            job_type: Some(any_job().job_type),
            ..Filter::default()
        },
        Filter {
            status: Some(JobStatus::Failed),
            labels: team("many"),
            ..Filter::default()
        },
        Filter {
            status: Some(JobStatus::Queued),
            labels: team("nobody"),
            ..Filter::default()
        },
        Filter {
            series_id: Some("none".into()),
            labels: team("many"),
            ..Filter::default()
        },
    ];
    for filter in none {
        let (page, asked) = page(&t, &filter).await;
        assert_eq!(
            (
                page.jobs.len(),
                page.total.jobs,
                page.total.exact,
                page.next
            ),
            (0, 0, true, None),
            "{filter:?}"
        );
        assert!(!asked.iter().any(|sql| reads_jobs(sql)), "{asked:#?}");
        assert_eq!(t.count_jobs(&filter).await.unwrap().total(), 0);
    }
}

#[on_both]
async fn a_label_named_twice_is_one_and_more_than_a_job_can_have_are_refused(t: TestApp) {
    thirty_one(&t).await;
    let twice = Filter {
        labels: [team("few"), team("few")].concat(),
        ..Filter::default()
    };
    assert_eq!(page(&t, &twice).await.0.jobs.len(), 1);
    let labels = |n: usize| {
        (0..n)
            .map(|n| (format!("key-{n}"), String::new()))
            .collect()
    };
    assert_eq!(
        t.count_jobs(&Filter {
            labels: labels(16),
            ..Filter::default()
        })
        .await
        .unwrap()
        .total(),
        0
    );
    let refused = t
        .count_jobs(&Filter {
            labels: labels(17),
            ..Filter::default()
        })
        .await;
    assert_eq!(parameters(&refused.unwrap_err()), ["label too_many"]);
}

//! The filters of list_jobs by a column, each and together.

use crate::support::{TestApp, any_job};
use callsheet::jobs::{Filter, NewEpisode, NewJob, Order, PageAfter, Total, View};
use chrono::TimeDelta;
use entity::JobStatus;

pub async fn found(t: &TestApp, filter: Filter) -> Vec<String> {
    let page = t
        .list_jobs(
            &filter,
            Order::OldestFirst,
            PageAfter::Offset(0),
            200,
            View::Full,
        )
        .await
        .unwrap();
    assert_eq!(
        page.total,
        Total {
            jobs: page.jobs.len() as u64,
            exact: true
        },
        "{filter:?}"
    );
    assert_eq!(
        t.count_jobs(&filter).await.unwrap().total(),
        page.total.jobs,
        "{filter:?}"
    );
    page.jobs.into_iter().map(|job| job.id).collect()
}

/// Each job a second after the one before.
pub async fn create(t: &TestApp, id: &str, new: NewJob) {
    t.clock.advance(TimeDelta::seconds(1));
    t.create(NewJob {
        job_id: Some(id.into()),
        ..new
    })
    .await;
}

pub fn some(text: &str) -> Option<String> {
    Some(text.into())
}

#[on_both]
async fn a_column_is_matched_exactly(t: TestApp) {
    let series = t.series("S").await;
    let episode = NewEpisode {
        series_id: None,
        title: None,
        number: None,
    };
    let episode = t.create_episode(episode, None).await.unwrap().id;
    create(&t, "plain", any_job()).await;
    create(
        &t,
        "typed",
        NewJob {
            job_type: "script2video".into(),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "moded",
        NewJob {
            mode: some("idea"),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "serial",
        NewJob {
            series_id: some(&series),
            ..any_job()
        },
    )
    .await;
    create(
        &t,
        "episodic",
        NewJob {
            series_id: some(&series),
            episode_id: some(&episode),
            ..any_job()
        },
    )
    .await;
    t.start("moded").await;
    let none = Filter::default;
    assert_eq!(
        found(&t, none()).await,
        ["plain", "typed", "moded", "serial", "episodic"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Processing),
                ..none()
            }
        )
        .await,
        ["moded"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Failed),
                ..none()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                job_type: some("script2video"),
                ..none()
            }
        )
        .await,
        ["typed"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                job_type: some("script"),
                ..none()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                mode: some("idea"),
                ..none()
            }
        )
        .await,
        ["moded"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                mode: some("IDEA"),
                ..none()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                series_id: some(&series),
                ..none()
            }
        )
        .await,
        ["serial", "episodic"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                episode_id: some(&episode),
                ..none()
            }
        )
        .await,
        ["episodic"]
    );
    let both = Filter {
        series_id: some(&series),
        episode_id: some(&episode),
        ..none()
    };
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Queued),
                ..both.clone()
            }
        )
        .await,
        ["episodic"]
    );
    assert_eq!(
        found(
            &t,
            Filter {
                status: Some(JobStatus::Failed),
                ..both
            }
        )
        .await,
        [""; 0]
    );
}

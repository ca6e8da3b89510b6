//! Floods of long events, and places that nobody was told of.

use super::reader::PATIENCE;
use crate::support::{TestApp, any_job};
use callsheet::jobs::{Heartbeat, JobManager, JobsMessage, Progress, StreamPosition};

/// All that is told from a place on, up to a position.
async fn told(jobs: &JobManager, from: StreamPosition, upto: i64) -> Vec<(i64, usize)> {
    let mut watch = jobs.watch_jobs(Default::default(), Some(from)).unwrap();
    let mut told = Vec::new();
    while watch
        .place()
        .is_none_or(|place| place.at < upto || place.back > 0)
    {
        let news = tokio::time::timeout(PATIENCE, watch.next())
            .await
            .expect("more comes")
            .unwrap();
        let Some(JobsMessage::Changes(wanted)) = news else {
            panic!("only changes come")
        };
        told.extend(
            wanted
                .changes()
                .map(|change| (change.event.id, wanted.batch.weight)),
        );
    }
    told
}

#[on_both]
async fn long_events_come_a_few_at_a_time_and_all_of_them(t: TestApp) {
    let job = t.leased().await;
    for _ in 0..12 {
        let log = vec!["x".repeat(2000); 100];
        t.heartbeat(
            &job.id,
            "token",
            Heartbeat {
                log,
                ..Heartbeat::default()
            },
        )
        .await
        .unwrap();
    }
    let last = callsheet::db::last_position(t.database().read())
        .await
        .unwrap();
    let told = told(&t, StreamPosition::of(0), last).await;
    assert_eq!(told.len(), usize::try_from(last).unwrap());
    assert!(told.iter().all(|(_, weight)| *weight < 4 << 20), "{told:?}");
    let mut one = t.watch_job(&job.id, Some(0)).await.unwrap().unwrap();
    let mut of_job = 0;
    while of_job < told.len() {
        match tokio::time::timeout(PATIENCE, one.next())
            .await
            .unwrap()
            .unwrap()
        {
            Some(callsheet::jobs::JobMessage::Changes(wanted)) => {
                of_job += wanted.changes().count()
            }
            _ => panic!("only changes come"),
        }
    }
}

#[on_both]
async fn what_is_held_back_at_a_place_far_behind_comes_in_parts_and_each_once(t: TestApp) {
    let jobs = 450;
    for created in t.create_jobs(vec![any_job(); jobs], None).await.unwrap() {
        let id = created.unwrap().id;
        t.start(&id).await;
        for percent in [1.0, 2.0, 3.0] {
            let progress = Progress {
                progress: Some(percent),
                ..Progress::default()
            };
            t.update_progress(&id, progress, None).await.unwrap();
        }
    }
    let last = callsheet::db::last_position(t.database().read())
        .await
        .unwrap();
    for skip in [0, 1, 200, 449] {
        let from = StreamPosition {
            at: last,
            back: last,
            sent: skip,
        };
        let told = told(&t, from, last).await;
        assert_eq!(told.len(), jobs - skip, "the last progress of each job");
        assert!(told.is_sorted() && told.last().unwrap().0 == last);
    }
    assert!(
        "60000.50001".parse::<StreamPosition>().is_err(),
        "farther than any round is long"
    );
}

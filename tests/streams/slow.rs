//! Readers that are too slow.

use super::reader::PATIENCE;
use crate::support::TestApp;
use callsheet::jobs::{JobPatch, JobsMessage, JobsWatch, Reset};

/// More than the ring holds.
const CHANGES: usize = 200;

async fn next(watch: &mut JobsWatch) -> Option<JobsMessage> {
    tokio::time::timeout(PATIENCE, watch.next())
        .await
        .expect("something is told")
        .unwrap()
}

#[on_both]
async fn who_reads_too_slowly_is_told_so_and_slows_nobody(t: TestApp) {
    let job = t.queued().await;
    let (mut slow, mut quick) = (
        t.watch_jobs(Default::default(), None).unwrap(),
        t.watch_jobs(Default::default(), None).unwrap(),
    );
    for watch in [&mut slow, &mut quick] {
        assert!(matches!(
            next(watch).await,
            Some(JobsMessage::Snapshot { .. })
        ));
    }
    let mut one = t.watch_job(&job.id, None).await.unwrap().unwrap();
    one.next().await.unwrap();
    for change in 0..CHANGES {
        let patch = JobPatch {
            project_title: Some(Some(format!("Take {change}"))),
            ..Default::default()
        };
        t.update_job(&job.id, patch, None).await.unwrap();
        // Each change comes to the quick one before the next is made, so that each is told by
        // itself.
        assert!(matches!(
            next(&mut quick).await,
            Some(JobsMessage::Changes(_))
        ));
    }
    assert!(matches!(
        next(&mut slow).await,
        Some(JobsMessage::Reset(Reset::TooSlow))
    ));
    assert!(next(&mut slow).await.is_none());
    // The history has what a reader of one job has missed.
    let mut told = 0;
    while told < CHANGES {
        match tokio::time::timeout(PATIENCE, one.next())
            .await
            .unwrap()
            .unwrap()
        {
            Some(callsheet::jobs::JobMessage::Changes(wanted)) => told += wanted.changes().count(),
            _ => panic!("only changes come"),
        }
    }
}

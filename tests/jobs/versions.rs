//! Optimistic concurrency: a change to a version that is gone is refused.

use crate::support::{TestApp, at_once};
use callsheet::{
    error::Result,
    jobs::{JobManager, JobPatch, Progress},
};
use entity::job;

fn titled(title: String) -> JobPatch {
    JobPatch {
        project_title: Some(Some(title)),
        ..Default::default()
    }
}

async fn race(
    t: &TestApp,
    managers: [JobManager; 2],
    id: &str,
) -> Vec<Result<job::Model, &'static str>> {
    let version = t.get_job(id).await.unwrap().version;
    let update = |(n, jobs): (usize, JobManager)| {
        let id = id.to_owned();
        async move {
            jobs.update_job(&id, titled(format!("{version}-{n}")), Some(vec![version]))
                .await
                .map_err(|e| e.code())
        }
    };
    at_once(managers.into_iter().enumerate().map(update)).await
}

#[on_both]
async fn of_two_updates_of_one_version_at_once_one_wins(t: TestApp) {
    let id = t.queued().await.id;
    for round in 0..15 {
        let outcomes = race(&t, [(*t).clone(), (*t).clone()], &id).await;
        let won: Vec<_> = outcomes.iter().flatten().collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        assert!(
            outcomes
                .iter()
                .any(|o| matches!(o, Err("version_mismatch"))),
            "{outcomes:?}"
        );
        assert_eq!(won[0].version, round + 2);
        assert_eq!(t.get_job(&id).await.unwrap(), *won[0]);
    }
    t.whole(&id).await.assert_history_is_whole();
}

#[on_both]
async fn of_two_processes_that_update_one_version_at_once_one_wins(t: TestApp) {
    let other = t.another().await;
    let id = t.queued().await.id;
    for _ in 0..15 {
        let outcomes = race(&t, [(*t).clone(), other.clone()], &id).await;
        assert_eq!(outcomes.iter().flatten().count(), 1, "{outcomes:?}");
        assert!(
            outcomes
                .iter()
                .any(|o| matches!(o, Err("version_mismatch"))),
            "{outcomes:?}"
        );
    }
    t.whole(&id).await.assert_history_is_whole();
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn every_verb_refuses_a_version_that_is_gone(t: TestApp) {
    let id = t.started().await.id;
    let old = || Some(vec![1]);
    let report = Progress {
        progress: Some(1.0),
        current_stage: None,
    };
    t.refused(
        &id,
        "version_mismatch",
        t.update_job(&id, JobPatch::default(), old()),
    )
    .await;
    t.refused(
        &id,
        "version_mismatch",
        t.update_progress(&id, report, old()),
    )
    .await;
    t.refused(
        &id,
        "version_mismatch",
        t.update_shots(&id, Some(1), None, old()),
    )
    .await;
    t.refused(&id, "version_mismatch", t.mark_completed(&id, None, old()))
        .await;
    t.refused(
        &id,
        "version_mismatch",
        t.mark_failed(&id, crate::support::for_now("x"), old()),
    )
    .await;
    t.refused(&id, "version_mismatch", t.start_job(&id, None, old()))
        .await;
    t.refused(&id, "version_mismatch", t.retry_job(&id, old()))
        .await;
    t.refused(&id, "version_mismatch", t.cancel_job(&id, None, old()))
        .await;
    let error = t
        .refused(&id, "version_mismatch", t.delete_job(&id, Some(vec![1, 7])))
        .await;
    assert_eq!(
        error.to_string(),
        "The job is at version 2, not 1 or 7: read it again and repeat the change."
    );
    t.refused(&id, "version_mismatch", t.delete_job(&id, Some(Vec::new())))
        .await;
}

#[on_both]
async fn any_of_several_versions_is_accepted(t: TestApp) {
    let id = t.queued().await.id;
    let job = t
        .update_job(&id, titled("x".into()), Some(vec![9, 1]))
        .await
        .unwrap();
    assert_eq!(job.version, 2);
    t.delete_job(&id, Some(vec![2])).await.unwrap();
}

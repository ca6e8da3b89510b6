//! max_run_seconds: attempts that last too long fail.

use crate::support::{TestApp, any_job, pointers, refusal};
use callsheet::jobs::{Guard, Heartbeat, NewJob, QueuePatch};
use chrono::TimeDelta;
use entity::JobStatus;

#[on_both]
async fn an_attempt_that_runs_too_long_fails_although_its_worker_lives(t: TestApp) {
    let id = t
        .create(NewJob {
            max_run_seconds: Some(100),
            max_attempts: Some(2),
            ..any_job()
        })
        .await
        .id;
    for attempt in 1..=2 {
        let job = t.claimed("w").await.job;
        assert_eq!(job.run_until, Some(t.now() + TimeDelta::seconds(100)));
        let token = job.lease_token.unwrap();
        for _ in 0..9 {
            t.clock.advance(TimeDelta::seconds(11));
            t.heartbeat(&id, &token, Heartbeat::default())
                .await
                .unwrap();
            assert_eq!(t.rescue_jobs().await.unwrap(), 0);
        }
        t.clock.advance(TimeDelta::seconds(1));
        assert_eq!(t.rescue_jobs().await.unwrap(), 1);
        let beat = t.heartbeat(&id, &token, Heartbeat::default());
        refusal(beat.await, "lease_lost");
        let job = t.get_job(&id).await.unwrap();
        let error = "the attempt ran longer than max_run_seconds allows (100 s) and was ended";
        assert_eq!(
            (job.attempt, job.error_message.as_deref()),
            (attempt, Some(error))
        );
        assert_eq!(job.run_until, None);
        t.clock.set(job.run_at.unwrap_or(t.now()).max(t.now()));
    }
    let whole = t.whole(&id).await;
    assert_eq!(whole.job.as_ref().unwrap().status, JobStatus::Failed);
    assert_eq!(
        whole.kinds(),
        ["created", "started", "retry_scheduled", "started", "failed"]
    );
    whole.assert_history_is_whole();
}

#[on_both]
async fn the_limit_of_a_queue_is_for_jobs_without_one_and_for_attempts_that_start_later(
    t: TestApp,
) {
    let limit = |max_run_seconds| QueuePatch {
        max_run_seconds: Some(max_run_seconds),
        ..QueuePatch::default()
    };
    t.queued().await;
    let before = t.claimed("w").await.job;
    let queue = t.change_queue("idea2video", limit(Some(60))).await.unwrap();
    assert_eq!((queue.max_run_seconds, queue.paused), (Some(60), false));
    t.queued().await;
    let limited = t.claimed("w").await.job;
    t.create(NewJob {
        max_run_seconds: Some(5),
        ..any_job()
    })
    .await;
    let own = t.claimed("w").await.job;
    let until = |seconds| Some(t.now() + TimeDelta::seconds(seconds));
    assert_eq!(
        [before.run_until, limited.run_until, own.run_until],
        [None, until(60), until(5)]
    );
    t.mark_completed(&own.id, None, Guard::lease(own.lease_token.unwrap()))
        .await
        .unwrap();
    assert_eq!(t.get_job(&own.id).await.unwrap().run_until, None);
    t.change_queue("idea2video", limit(None)).await.unwrap();
    t.queued().await;
    assert_eq!(t.claimed("w").await.job.run_until, None);
    let wrong = t.change_queue("idea2video", limit(Some(0))).await;
    assert_eq!(
        pointers(&refusal(wrong, "invalid_request")),
        ["/max_run_seconds out_of_range"]
    );
}

#[on_both]
async fn a_job_that_its_caller_runs_itself_ends_after_its_own_limit_too(t: TestApp) {
    let id = t
        .create(NewJob {
            max_run_seconds: Some(10),
            max_attempts: Some(1),
            ..any_job()
        })
        .await
        .id;
    t.start(&id).await;
    t.clock.advance(TimeDelta::seconds(10));
    assert_eq!(t.rescue_jobs().await.unwrap(), 1);
    assert_eq!(t.get_job(&id).await.unwrap().status, JobStatus::Failed);
}

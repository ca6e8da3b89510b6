//! Queues: paused, resumed, limited, on all servers at once.

use crate::support::{TestApp, any_job, at_once, claim, for_good, parameters, pointers, refusal};
use callsheet::jobs::{Claim, Guard, NewJob, Queue};

#[on_both]
async fn a_paused_type_is_given_to_nobody_on_any_server_until_it_is_resumed(t: TestApp) {
    let other = t.another().await;
    t.queued().await;
    let open = t
        .create(NewJob {
            job_type: "script2video".into(),
            priority: -5,
            ..any_job()
        })
        .await
        .id;
    let queue = t.set_queue("idea2video", Some(true), None).await.unwrap();
    assert_eq!((queue.paused, queue.queued, queue.processing), (true, 1, 0));
    let both = || Claim {
        job_types: vec!["idea2video".into(), "script2video".into()],
        max_jobs: 9,
        ..claim("w")
    };
    let claimed = other.claim_jobs(both()).await.unwrap();
    assert_eq!(
        claimed.iter().map(|c| &c.job.id).collect::<Vec<_>>(),
        [&open]
    );
    other
        .set_queue("idea2video", Some(false), None)
        .await
        .unwrap();
    assert_eq!(t.claim_jobs(both()).await.unwrap().len(), 1);
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn never_more_run_than_may_however_many_ask_at_once(t: TestApp) {
    for i in 0..40 {
        t.create(NewJob {
            priority: i % 2,
            ..any_job()
        })
        .await;
    }
    t.set_queue("idea2video", None, Some(Some(7)))
        .await
        .unwrap();
    let other = t.another().await;
    let mut held: Vec<(String, String)> = Vec::new();
    for round in 0..3 {
        let calls = (0..12).map(|n| {
            let jobs = if n % 2 == 0 {
                (*t).clone()
            } else {
                other.clone()
            };
            async move {
                jobs.claim_jobs(Claim {
                    max_jobs: 3,
                    ..claim(&format!("w{n}"))
                })
                .await
                .unwrap()
            }
        });
        for claimed in at_once(calls).await.into_iter().flatten() {
            held.push((claimed.job.id, claimed.job.lease_token.unwrap()));
        }
        assert_eq!(held.len(), 7, "round {round}");
        let queue = t.list_queues().await.unwrap().remove(0);
        assert_eq!((queue.max_running, queue.processing), (Some(7), 7));
        for (id, token) in held.drain(..3) {
            t.mark_failed(&id, for_good("broken"), Guard::lease(token))
                .await
                .unwrap();
        }
    }
    t.set_queue("idea2video", None, Some(None)).await.unwrap();
    assert_eq!(
        t.claim_jobs(Claim {
            max_jobs: 1000,
            ..claim("w")
        })
        .await
        .unwrap()
        .len(),
        40 - 13
    );
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn queues_tell_what_is_set_and_what_waits_and_runs(t: TestApp) {
    assert_eq!(t.list_queues().await.unwrap(), []);
    t.started().await;
    t.queued().await;
    t.job_in(entity::JobStatus::Completed).await;
    t.set_queue("other", Some(true), Some(Some(2)))
        .await
        .unwrap();
    let set = t.set_queue("other", None, Some(Some(3))).await.unwrap();
    assert!(set.paused, "what is left out stays");
    let queue = |job_type: &str| Queue {
        job_type: job_type.into(),
        ..Queue::default()
    };
    let expected = [
        Queue {
            queued: 1,
            processing: 1,
            ..queue("idea2video")
        },
        Queue {
            paused: true,
            max_running: Some(3),
            updated_at: Some(t.now()),
            ..queue("other")
        },
    ];
    assert_eq!(t.list_queues().await.unwrap(), expected);
}

#[on_both]
async fn what_makes_no_sense_is_refused(t: TestApp) {
    let error = refusal(
        t.set_queue("idea2video", None, None).await,
        "invalid_request",
    );
    assert_eq!(pointers(&error), [" nothing_given"]);
    let error = refusal(
        t.set_queue("idea2video", None, Some(Some(0))).await,
        "invalid_request",
    );
    assert_eq!(pointers(&error), ["/max_running out_of_range"]);
    for kind in ["No Such", "", "a\0"] {
        let error = refusal(t.set_queue(kind, Some(true), None).await, "invalid_request");
        assert_eq!(parameters(&error), ["job_type invalid_job_type"]);
    }
    assert_eq!(t.list_queues().await.unwrap(), []);
}

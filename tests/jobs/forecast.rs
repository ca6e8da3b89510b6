//! Place in line, and the times when a job is likely to start and to end.

use crate::support::{TestApp, any_job, for_now};
use callsheet::jobs::{Forecast, Guard, NewJob, QueuePatch};
use chrono::TimeDelta;

async fn forecast(t: &TestApp, id: &str) -> Forecast {
    t.forecast(&t.get_job(id).await.unwrap()).await.unwrap()
}

/// Runs a job of the type for a number of seconds.
async fn ran(t: &TestApp, seconds: i64) {
    let id = t.queued().await.id;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    t.clock.advance(TimeDelta::seconds(seconds));
    t.mark_completed(&id, None, Guard::lease(token))
        .await
        .unwrap();
}

#[on_both]
async fn the_place_follows_the_order_of_claims(t: TestApp) {
    t.named("begun").await;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    for (id, priority) in [("a", 0), ("b", 5), ("c", 0)] {
        t.clock.advance(TimeDelta::seconds(1));
        t.create(NewJob {
            job_id: Some(id.into()),
            priority,
            ..any_job()
        })
        .await;
    }
    t.create(NewJob {
        job_id: Some("later".into()),
        run_at: Some(t.now() + TimeDelta::hours(1)),
        ..any_job()
    })
    .await;
    t.mark_failed("begun", for_now("busy"), Guard::lease(token))
        .await
        .unwrap();
    t.clock.advance(TimeDelta::seconds(10));
    let mut places = Vec::new();
    for id in ["b", "begun", "a", "c", "later"] {
        places.push(forecast(&t, id).await.queue_position);
    }
    assert_eq!(places, [Some(1), Some(2), Some(3), Some(4), None]);
    for id in ["b", "begun", "a", "c"] {
        assert_eq!(t.claimed("w").await.job.id, id);
    }
    assert_eq!(forecast(&t, "a").await.queue_position, None, "it runs");
}

#[on_both]
async fn times_come_from_the_durations_of_the_type_and_are_null_when_unknown(t: TestApp) {
    let waits = t.queued().await.id;
    let unknown = forecast(&t, &waits).await;
    assert_eq!(
        (unknown.queue_position, unknown.start_at, unknown.end_at),
        (Some(1), None, None)
    );
    t.delete_job(&waits, None).await.unwrap();
    for _ in 0..3 {
        ran(&t, 100).await;
    }
    t.roll_up_stats().await.unwrap();
    t.clock.advance(TimeDelta::seconds(60));
    t.queued().await;
    let running = t.claimed("w").await.job.id;
    let (first, second) = (t.queued().await.id, t.queued().await.id);
    t.clock.advance(TimeDelta::seconds(30));
    let now = t.now();
    let about = |seconds: i64, time: Option<chrono::DateTime<chrono::Utc>>| {
        let off = (time.unwrap() - now).num_seconds() - seconds;
        assert!(off.abs() <= 5, "{off} s beside {seconds} s");
    };
    about(70, forecast(&t, &running).await.end_at);
    let of_first = forecast(&t, &first).await;
    about(70, of_first.start_at);
    about(170, of_first.end_at);
    about(170, forecast(&t, &second).await.start_at);
    let pause = QueuePatch {
        paused: Some(true),
        ..QueuePatch::default()
    };
    t.change_queue("idea2video", pause).await.unwrap();
    let paused = forecast(&t, &first).await;
    assert_eq!((paused.queue_position, paused.start_at), (Some(1), None));
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(
        forecast(&t, &running).await.end_at,
        None,
        "it takes too long"
    );
}

#[on_both]
async fn beyond_a_thousand_the_place_is_not_counted(t: TestApp) {
    let job = || NewJob { ..any_job() };
    let ids: Vec<_> = {
        let mut ids = Vec::new();
        for _ in 0..1001 {
            t.clock.advance(TimeDelta::milliseconds(1));
            ids.push(t.create(job()).await.id);
        }
        ids
    };
    assert_eq!(forecast(&t, &ids[999]).await.queue_position, Some(1000));
    assert_eq!(forecast(&t, &ids[1000]).await.queue_position, None);
}

#[on_both]
async fn a_queue_is_empty_after_as_many_rounds_as_its_running_jobs_make(t: TestApp) {
    let of = async || t.forecast_queue("idea2video").await.unwrap();
    let nothing = of().await;
    assert_eq!((nothing.waiting, nothing.empty_at), (0, None));
    for seconds in [100, 100, 100] {
        ran(&t, seconds).await;
    }
    t.roll_up_stats().await.unwrap();
    t.clock.advance(TimeDelta::seconds(60));
    for _ in 0..6 {
        t.queued().await;
    }
    assert_eq!(
        of().await.empty_at,
        None,
        "nobody knows how many workers there are"
    );
    for _ in 0..2 {
        t.claimed("w").await;
    }
    t.create(NewJob {
        run_at: Some(t.now() + TimeDelta::hours(1)),
        ..any_job()
    })
    .await;
    let forecast = of().await;
    assert_eq!(
        (forecast.waiting, forecast.scheduled, forecast.running),
        (4, 1, 2)
    );
    // Two of the two that run, then two rounds of two; with a third place, one round less.
    let left = |at: Option<chrono::DateTime<chrono::Utc>>| (at.unwrap() - t.now()).num_seconds();
    assert!(
        (294..=306).contains(&left(forecast.empty_at)),
        "{forecast:?}"
    );
    assert!(forecast.empty_at_latest >= forecast.empty_at);
    let sooner = left(forecast.empty_at_with_one_more);
    assert!((196..=204).contains(&sooner), "{forecast:?}");
    let pause = QueuePatch {
        paused: Some(true),
        ..QueuePatch::default()
    };
    t.change_queue("idea2video", pause).await.unwrap();
    assert_eq!(of().await.empty_at, None);
    assert_eq!(of().await.waiting, 4);
}

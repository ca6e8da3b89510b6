//! The log lines of a job are bounded while it runs; its events stay whole.

use crate::support::TestApp;
use callsheet::jobs::Heartbeat;

async fn lines(t: &TestApp, id: &str) -> Vec<String> {
    let whole = t.whole(id).await;
    whole.assert_history_is_whole();
    let lines = |event: &entity::job_event::Model| {
        let lines = event.data.as_ref()?.get("lines")?.as_array()?.clone();
        Some(
            lines
                .into_iter()
                .map(|line| line.as_str().unwrap().to_owned()),
        )
    };
    whole.events.iter().filter_map(lines).flatten().collect()
}

#[on_both]
async fn the_newest_lines_stay_and_no_event_goes(t: TestApp) {
    let id = t.queued().await.id;
    let token = t.claimed("w").await.job.lease_token.unwrap();
    let mut said = 0;
    for round in 0..3 {
        for _ in 0..12 {
            let log = (said..said + 10).map(|n| format!("line {n}")).collect();
            said += 10;
            let beat = Heartbeat {
                log,
                ..Default::default()
            };
            t.heartbeat(&id, &token, beat).await.unwrap();
        }
        t.prune_log_lines(100).await.unwrap();
        let kept = lines(&t, &id).await;
        let expected: Vec<_> = (said - 100..said).map(|n| format!("line {n}")).collect();
        assert_eq!(kept, expected, "round {round}");
    }
    let kinds = t.whole(&id).await.kinds().len();
    assert_eq!(kinds, 2 + 36, "all events are there");
    assert_eq!(t.prune_log_lines(100).await.unwrap(), 0);
    let other = t.another().await;
    assert_eq!(
        other.prune_log_lines(1).await.unwrap(),
        0,
        "it stored no line"
    );
    other.database().clone().close().await.unwrap();
}

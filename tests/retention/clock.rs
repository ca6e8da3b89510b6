//! Clocks that jump: the loop decides by the older of two looks.

use super::{days, ended, is_there, keep};
use crate::support::TestApp;
use callsheet::jobs::KeepRule;
use chrono::TimeDelta;
use entity::JobStatus;

fn rule() -> KeepRule {
    KeepRule {
        completed: days(1),
        ..KeepRule::default()
    }
}

#[on_both]
async fn a_clock_that_jumps_ahead_deletes_nothing_early(t: TestApp) {
    keep(&t, rule());
    let id = ended(&t, "film", JobStatus::Completed).await;
    assert_eq!(t.retain_when_certain().await.unwrap(), 0);
    for jump in [
        TimeDelta::hours(1),
        TimeDelta::days(1),
        TimeDelta::days(400),
    ] {
        t.clock.advance(TimeDelta::minutes(10));
        t.clock.jump(jump);
        for _ in 0..3 {
            t.clock.advance(TimeDelta::minutes(10));
            assert_eq!(t.retain_when_certain().await.unwrap(), 0, "{jump}");
        }
        t.clock.jump(-jump);
    }
    assert!(is_there(&t, &id).await);
    t.clock.advance(TimeDelta::days(1));
    assert_eq!(t.retain_when_certain().await.unwrap(), 1);
}

#[on_both]
async fn time_that_really_passed_counts_at_the_next_look(t: TestApp) {
    keep(&t, rule());
    let id = ended(&t, "film", JobStatus::Completed).await;
    assert_eq!(t.retain_when_certain().await.unwrap(), 0, "the first look");
    t.clock.advance(TimeDelta::hours(23));
    assert_eq!(t.retain_when_certain().await.unwrap(), 0);
    t.clock.advance(TimeDelta::hours(1));
    assert_eq!(t.retain_when_certain().await.unwrap(), 1);
    assert!(!is_there(&t, &id).await);
}

#[on_both]
async fn a_server_that_starts_looks_twice_before_it_deletes(t: TestApp) {
    keep(&t, rule());
    let id = ended(&t, "film", JobStatus::Completed).await;
    t.clock.advance(TimeDelta::days(2));
    assert_eq!(t.retain_when_certain().await.unwrap(), 0);
    assert!(is_there(&t, &id).await);
    assert_eq!(t.retain_when_certain().await.unwrap(), 1);
}

//! Filters of list_jobs by time.

use super::filters::found;
use crate::support::{TestApp, parameters, refusal};
use callsheet::jobs::Filter;
use chrono::{TimeDelta, TimeZone, Utc};

#[on_both]
async fn a_time_is_from_the_first_moment_to_before_the_last(t: TestApp) {
    let start = t.now();
    for (id, micros) in [
        ("a", 0),
        ("b", 1),
        ("c", 1_000),
        ("d", 500_000),
        ("e", 1_000_000),
        ("f", 1_000_001),
    ] {
        t.clock.set(start + TimeDelta::microseconds(micros));
        t.named(id).await;
    }
    let between = |after: i64, before: i64| Filter {
        created_after: Some(start + TimeDelta::microseconds(after)),
        created_before: Some(start + TimeDelta::microseconds(before)),
        ..Default::default()
    };
    assert_eq!(
        found(&t, between(0, 1_000_002)).await,
        ["a", "b", "c", "d", "e", "f"]
    );
    assert_eq!(found(&t, between(1, 1_000_001)).await, ["b", "c", "d", "e"]);
    assert_eq!(found(&t, between(2, 500_000)).await, ["c"]);
    assert_eq!(found(&t, between(500_000, 500_000)).await, [""; 0]);
    let nanos = Filter {
        created_after: Some(start + TimeDelta::nanoseconds(1_000_500)),
        ..Default::default()
    };
    assert_eq!(
        found(&t, nanos).await,
        ["d", "e", "f"],
        "finer than microseconds, and still after c"
    );
}

#[on_both]
async fn times_that_no_row_can_have_are_refused(t: TestApp) {
    for year in [-1, 10_000, 200_000] {
        let time = Utc.with_ymd_and_hms(year, 6, 1, 0, 0, 0).single();
        assert!(time.is_some());
        let after = Filter {
            created_after: time,
            ..Default::default()
        };
        assert_eq!(
            parameters(&refusal(t.count_jobs(&after).await, "invalid_request")),
            ["created_after out_of_range"]
        );
        let before = Filter {
            created_before: time,
            ..Default::default()
        };
        assert_eq!(
            parameters(&refusal(t.count_jobs(&before).await, "invalid_request")),
            ["created_before out_of_range"]
        );
    }
    t.queued().await;
    let year = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single();
    let ever = Filter {
        created_after: year(0),
        created_before: year(9999),
        ..Default::default()
    };
    assert_eq!(t.count_jobs(&ever).await.unwrap().total(), 1);
}

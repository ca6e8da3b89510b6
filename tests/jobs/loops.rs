//! late_loops: loops of this server that do not run any more.

use crate::support::TestApp;
use callsheet::error::{Error, Resource};
use chrono::TimeDelta;
use std::time::Duration;

#[on_both]
async fn a_loop_that_has_not_run_for_ten_of_its_periods_is_late_until_it_runs_again(t: TestApp) {
    t.loop_began("fast", Duration::from_secs(1));
    t.loop_began("slow", Duration::from_secs(3600));
    t.clock.advance(TimeDelta::seconds(10));
    assert_eq!(t.late_loops(), Vec::<String>::new());
    t.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(
        t.late_loops(),
        ["The loop fast has not run for 10 seconds."],
        "one that never ran is late as well"
    );
    t.loop_panicked("fast");
    assert_eq!(t.late_loops().len(), 1, "a panic is no run");
    t.loop_ran("fast", Err(Error::NotFound(Resource::Job)));
    assert_eq!(
        t.late_loops().len(),
        0,
        "a run that failed is one, and its error is told"
    );
    t.clock.advance(TimeDelta::seconds(11));
    t.loop_goes_on("fast");
    assert_eq!(t.late_loops().len(), 0, "a long run goes on");
    let (_, status) = t
        .list_loops()
        .into_iter()
        .find(|(name, _)| *name == "fast")
        .unwrap();
    assert_eq!((status.runs, status.panics), (2, 1));
}

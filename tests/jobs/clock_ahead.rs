//! clock_ahead: servers of one database have one time.

use crate::support::{Backend, Patience, TestApp, TestClock};
use callsheet::{
    background::{Bounds, Loops},
    jobs::JobManager,
};
use chrono::TimeDelta;
use std::{sync::Arc, time::Duration};

#[on_both]
async fn a_clock_is_held_to_that_of_the_database_where_it_has_one(t: TestApp) {
    let Some(there) = t.database().clock().await.unwrap() else {
        assert_eq!(
            (t.db.backend, t.clock_ahead().await.unwrap()),
            (Backend::Sqlite, None)
        );
        return;
    };
    let clock = Arc::new(TestClock::default());
    let server = JobManager::new(t.database().clone(), clock.clone(), t.chance.clone());
    for seconds in [-3600, 3600] {
        clock.set(there + TimeDelta::seconds(seconds));
        let ahead = server.clock_ahead().await.unwrap().unwrap();
        // The database's clock went on meanwhile.
        let late = TimeDelta::seconds(seconds) - ahead;
        assert!(
            late >= TimeDelta::zero() && late < TimeDelta::minutes(30),
            "{ahead} ahead instead of {seconds} s"
        );
    }
    let loops = Loops::start(&server, Bounds::default());
    let patience = Patience::begin();
    let checked = loop {
        let status = server
            .list_loops()
            .into_iter()
            .find(|(name, _)| *name == "check_clock");
        if let Some((_, status)) = status {
            break status;
        }
        patience.pause("the clock is checked").await;
    };
    assert_eq!(
        (checked.done, checked.error),
        (1, None),
        "an hour ahead is told"
    );
    server.end_streams().await;
    loops.end(Duration::from_secs(10)).await;
}

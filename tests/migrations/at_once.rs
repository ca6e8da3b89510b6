//! Many that migrate one database at once.

use super::{UP, dump::schema, up};
use crate::support::{Fixture, TestDb, at_once, callsheet};
use callsheet::db::migrate::{Change, migrate};

/// The schema that one process alone makes.
async fn expected(t: &TestDb) -> String {
    let alone = TestDb::empty(t.backend).await;
    up(&alone.connect().await).await;
    let text = schema(&alone).await;
    alone.tear_down().await;
    text
}

#[on_both]
async fn four_pools_that_migrate_at_once_all_succeed_and_take_each_step_once(t: TestDb) {
    let one = |_| {
        let t = t.clone();
        async move {
            migrate(&t.connect().await, UP)
                .await
                .map_err(|e| e.to_string())
        }
    };
    let outcomes = at_once((0..4).map(one)).await;
    let taken: usize = outcomes
        .iter()
        .map(|o| o.as_ref().expect("succeeds").len())
        .sum();
    assert_eq!(taken, super::steps(), "{outcomes:?}");
    assert_eq!(schema(&t).await, expected(&t).await);
}

#[on_both]
async fn four_processes_that_migrate_at_once_all_succeed_and_take_each_step_once(t: TestDb) {
    let one = |_| {
        let mut command = callsheet(&["migrate", "up", "--database-url", &t.url]);
        async move { command.output().await.unwrap() }
    };
    let outputs = at_once((0..4).map(one)).await;
    let mut taken = Vec::new();
    for output in outputs {
        let (said, complained) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{said}{complained}");
        taken.extend(
            said.lines()
                .filter(|line| line.starts_with('s'))
                .map(str::to_owned),
        );
    }
    assert_eq!(taken.len(), super::steps(), "{taken:?}");
    assert_eq!(schema(&t).await, expected(&t).await);
}

#[on_both]
async fn ups_and_downs_at_once_leave_a_schema_that_up_completes(t: TestDb) {
    let one = |n: u32| {
        let t = t.clone();
        let change = if n.is_multiple_of(2) {
            UP
        } else {
            Change::Down { limit: n }
        };
        async move {
            migrate(&t.connect().await, change)
                .await
                .map(drop)
                .map_err(|e| e.to_string())
        }
    };
    assert_eq!(at_once((0..6).map(one)).await, [const { Ok(()) }; 6]);
    up(&t.connect().await).await;
    assert_eq!(schema(&t).await, expected(&t).await);
}

//! The schema itself, frozen: a change of it is seen in review.

use super::{dump::schema, up};
use crate::support::TestDb;
use callsheet::db::migrate::{Change, migrate};

#[on_both]
async fn the_schema_is_the_committed_one(t: TestDb) {
    up(&t.connect().await).await;
    let text = schema(&t).await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(format!("schema_{:?}", t.backend).to_lowercase(), text);
    });
}

#[on_both]
async fn up_and_down_and_up_again_leaves_the_same_schema(t: TestDb) {
    let db = t.connect().await;
    let taken = up(&db).await;
    assert_eq!(taken.len(), super::steps());
    let before = schema(&t).await;
    let mut undone = migrate(&db, Change::Down { limit: 99 }).await.unwrap();
    undone.reverse();
    assert_eq!(undone, taken);
    let nothing = schema(&t).await;
    assert!(
        migration::TABLES
            .iter()
            .all(|table| !nothing.contains(table)),
        "{nothing}"
    );
    assert_eq!(up(&db).await, taken);
    assert_eq!(schema(&t).await, before);
}

#[on_both]
async fn refresh_reset_and_fresh_come_to_the_same_schema(t: TestDb) {
    let db = t.connect().await;
    up(&db).await;
    let before = schema(&t).await;
    for change in [Change::Refresh, Change::Fresh, Change::Up { limit: None }] {
        migrate(&db, change).await.unwrap();
        assert_eq!(schema(&t).await, before, "{change:?}");
    }
    migrate(&db, Change::Reset).await.unwrap();
    assert_ne!(schema(&t).await, before);
    migrate(&db, Change::Refresh).await.unwrap();
    assert_eq!(schema(&t).await, before);
}

//! Summaries of jobs in lists.

use super::filters::some;
use crate::support::{TestApp, any_job};
use callsheet::jobs::{Filter, NewJob, Order, PageAfter, View};
use serde_json::json;

#[on_both]
async fn a_summary_leaves_the_large_columns_out_and_nothing_else(t: TestApp) {
    let object = |value| Some(super::mark_completed::object(value));
    let new = NewJob {
        content: some("long"),
        request_data: object(json!({"a": 1})),
        context: object(json!({"b": 1})),
        labels: [("team".to_owned(), "a".to_owned())].into(),
        ..any_job()
    };
    let id = t.create(new).await.id;
    t.start(&id).await;
    let full = t
        .mark_completed(&id, object(json!({"c": 1})), None)
        .await
        .unwrap();
    let list = async |view| {
        t.list_jobs(
            &Filter::default(),
            Order::NewestFirst,
            PageAfter::Offset(0),
            1,
            view,
        )
        .await
        .unwrap()
        .jobs
        .remove(0)
    };
    assert_eq!(list(View::Full).await, full);
    let expected = entity::job::Model {
        content: None,
        request_data: None,
        context: None,
        result_data: None,
        ..full
    };
    assert_eq!(list(View::Summary).await, expected);
}

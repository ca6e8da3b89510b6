//! update_job merges objects as RFC 7396 says.

use super::mark_completed::object;
use crate::support::{TestApp, any_job, pointers};
use callsheet::jobs::{JobPatch, NewJob};
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn merged(t: &TestApp, before: Option<Value>, patch: Value) -> Option<Value> {
    let id = t
        .create(NewJob {
            context: before.map(object),
            ..any_job()
        })
        .await
        .id;
    let patch = JobPatch {
        context: Some(Some(object(patch))),
        ..Default::default()
    };
    t.update_job(&id, patch, None).await.unwrap();
    t.get_job(&id).await.unwrap().context
}

#[on_both]
async fn objects_are_merged_member_by_member(t: TestApp) {
    let before = json!({"a": {"b": 1, "c": [1, 2]}, "d": "x", "e": null});
    let cases = [
        (
            json!({"a": {"b": 2}}),
            json!({"a": {"b": 2, "c": [1, 2]}, "d": "x", "e": null}),
        ),
        (
            json!({"a": {"c": [3]}, "d": null}),
            json!({"a": {"b": 1, "c": [3]}, "e": null}),
        ),
        (json!({"a": 5}), json!({"a": 5, "d": "x", "e": null})),
        (
            json!({"n": {"m": null, "k": 1}}),
            json!({"a": {"b": 1, "c": [1, 2]}, "d": "x", "e": null, "n": {"k": 1}}),
        ),
        (json!({}), before.clone()),
    ];
    for (patch, expected) in cases {
        assert_eq!(
            merged(&t, Some(before.clone()), patch).await,
            Some(expected)
        );
    }
    assert_eq!(
        merged(&t, None, json!({"a": null, "b": 1})).await,
        Some(json!({"b": 1}))
    );
}

#[on_both]
async fn two_patches_of_different_members_at_once_both_hold(t: TestApp) {
    let id = t.queued().await.id;
    let patch = |n: i32| {
        let (t, id) = (t.clone(), id.clone());
        let context = object(json!({format!("from-{n}"): n}));
        async move {
            t.update_job(
                &id,
                JobPatch {
                    context: Some(Some(context)),
                    ..Default::default()
                },
                None,
            )
            .await
            .unwrap()
        }
    };
    crate::support::at_once((0..8).map(patch)).await;
    let whole = t.whole(&id).await;
    assert_eq!(object(whole.job.clone().unwrap().context.unwrap()).len(), 8);
    assert_eq!(whole.job.as_ref().unwrap().version, 9);
    whole.assert_history_is_whole();
}

#[on_both]
async fn labels_are_merged_up_to_16(t: TestApp) {
    let labels = |n: usize| -> BTreeMap<String, String> {
        (0..n)
            .map(|i| (format!("l{i:02}"), "x".to_owned()))
            .collect()
    };
    let id = t
        .create(NewJob {
            labels: labels(16),
            ..any_job()
        })
        .await
        .id;
    let patch = |changes: &[(&str, Option<&str>)]| JobPatch {
        labels: Some(Some(
            changes
                .iter()
                .map(|(k, v)| ((*k).to_owned(), v.map(str::to_owned)))
                .collect(),
        )),
        ..Default::default()
    };
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.update_job(&id, patch(&[("more", Some("y"))]), None),
        )
        .await;
    assert_eq!(pointers(&error), ["/labels too_many"]);
    let swap = patch(&[
        ("more", Some("y")),
        ("l00", None),
        ("l01", Some("z")),
        ("unknown", None),
    ]);
    let job = t.update_job(&id, swap, None).await.unwrap();
    let seen = object(job.labels.unwrap());
    assert_eq!(
        (seen.len(), &seen["more"], &seen["l01"], seen.get("l00")),
        (16, &json!("y"), &json!("z"), None)
    );
    let all: Vec<(String, Option<String>)> = seen.keys().map(|k| (k.clone(), None)).collect();
    let gone = JobPatch {
        labels: Some(Some(all.into_iter().collect())),
        ..Default::default()
    };
    assert_eq!(
        t.update_job(&id, gone, None).await.unwrap().labels,
        None,
        "no label is left"
    );
}

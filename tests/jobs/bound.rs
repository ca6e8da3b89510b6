//! Keys that are bound to types or labels: for their callers there are no other jobs.

use crate::support::{TestApp, any_job, claim, for_good, refusal};
use callsheet::jobs::{
    ActionFilter, Binding, Claim, Filter, Idempotency, JobManager, JobPatch, NewAction, NewJob,
    NewKey, Order, PageAfter, Principal, StatsDetail, View,
};
use callsheet::lifecycle::BucketSize;
use entity::{Role, job_action::ActionKind};
use serde_json::json;
use std::sync::Arc;

fn labels(team: &str) -> Binding {
    Binding::new([], [("team".to_owned(), team.to_owned())].into())
}

fn types(all: &[&str]) -> Binding {
    Binding::new(all.iter().map(|one| (*one).to_owned()), Default::default())
}

/// The service as a key with this binding uses it.
fn bound(t: &TestApp, role: Role, binding: Binding) -> JobManager {
    t.acting(Arc::new(Principal {
        key_id: Some("k3x9a2m7".into()),
        name: "farm".into(),
        role,
        binding,
        ..Principal::anyone()
    }))
}

fn of_team(id: &str, team: &str) -> NewJob {
    NewJob {
        job_id: Some(id.into()),
        labels: [("team".to_owned(), team.to_owned())].into(),
        ..any_job()
    }
}

fn of_type(id: &str, job_type: &str) -> NewJob {
    NewJob {
        job_id: Some(id.into()),
        job_type: job_type.into(),
        ..any_job()
    }
}

async fn listed(jobs: &JobManager, filter: &Filter) -> (Vec<String>, u64) {
    let newest = Order::OldestFirst;
    let page = jobs.list_jobs(filter, newest, PageAfter::Start, 100, View::Full);
    let page = page.await.unwrap();
    let ids = page.jobs.into_iter().map(|job| job.id).collect();
    (ids, page.total.jobs)
}

#[on_both]
async fn lists_and_counts_have_the_jobs_of_the_binding_alone(t: TestApp) {
    for (id, team) in [("r1", "red"), ("b1", "blue"), ("r2", "red")] {
        t.create(of_team(id, team)).await;
    }
    t.create(of_type("a1", "a")).await;
    t.create(of_type("b2", "b")).await;
    let all = Filter::default();
    for (binding, ids) in [
        (labels("red"), vec!["r1", "r2"]),
        (labels("green"), vec![]),
        (types(&["a"]), vec!["a1"]),
        (types(&["a", "b"]), vec!["a1", "b2"]),
        (types(&["none"]), vec![]),
    ] {
        let caller = bound(&t, Role::Reader, binding.clone());
        let (found, total) = listed(&caller, &all).await;
        assert_eq!(
            (&found, total),
            (
                &ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(),
                ids.len() as u64
            ),
            "{binding:?}"
        );
        assert_eq!(
            caller.count_jobs(&all).await.unwrap().total(),
            ids.len() as u64,
            "{binding:?}"
        );
    }
    let red = bound(&t, Role::Reader, labels("red"));
    let blue = Filter {
        labels: vec![("team".into(), "blue".into())],
        ..Filter::default()
    };
    assert_eq!(
        listed(&red, &blue).await,
        (vec![], 0),
        "a filter does not widen"
    );
    let either = bound(&t, Role::Reader, types(&["a", "b"]));
    let outside = Filter {
        job_type: Some("idea2video".into()),
        ..Filter::default()
    };
    assert_eq!(listed(&either, &outside).await, (vec![], 0));
    assert_eq!(either.count_jobs(&outside).await.unwrap().total(), 0);
}

#[on_both]
async fn a_job_outside_is_not_there_for_any_call(t: TestApp) {
    t.create(of_team("theirs", "blue")).await;
    let red = bound(&t, Role::Admin, labels("red"));
    let before = t.whole("theirs").await;
    let gone = "job_not_found";
    refusal(red.get_job("theirs").await, gone);
    refusal(red.view_job("theirs", 0).await.map(|_| ()), gone);
    refusal(red.list_events("theirs", None, 10).await.map(|_| ()), gone);
    refusal(red.list_shots("theirs", None).await.map(|_| ()), gone);
    refusal(red.watch_job("theirs", None).await.map(|_| ()), gone);
    refusal(
        red.update_job("theirs", JobPatch::default(), None).await,
        gone,
    );
    refusal(red.cancel_job("theirs", None, None).await, gone);
    refusal(red.delete_job("theirs", None).await, gone);
    refusal(red.start_job("theirs", None, None).await.map(|_| ()), gone);
    refusal(
        red.retry_failed_items("theirs", None).await.map(|_| ()),
        gone,
    );
    refusal(
        red.set_active_job("tab", "theirs", None).await.map(|_| ()),
        gone,
    );
    assert_eq!(t.whole("theirs").await, before);
    t.set_active_job("tab", "theirs", None).await.unwrap();
    assert_eq!(red.list_active_jobs("tab").await.unwrap().len(), 0);
    assert_eq!(red.remove_active_jobs("tab", None).await.unwrap(), 0);
    assert_eq!(t.list_active_jobs("tab").await.unwrap().len(), 1);
}

#[on_both]
async fn jobs_that_a_bound_key_creates_lie_inside(t: TestApp) {
    let red = bound(&t, Role::Creator, labels("red"));
    let stamped = red.create_job(any_job(), None).await.unwrap().job;
    assert_eq!(stamped.labels, Some(json!({"team": "red"})));
    let contrary = refusal(
        red.create_job(of_team("x", "blue"), None).await.map(|_| ()),
        "outside_binding",
    );
    assert!(contrary.to_string().contains("team=red"), "{contrary}");
    refusal(
        red.create_jobs(vec![any_job(), of_team("x", "blue")], None)
            .await
            .map(|_| ()),
        "outside_binding",
    );
    let typed = bound(&t, Role::Creator, types(&["a"]));
    typed.create_job(of_type("a1", "a"), None).await.unwrap();
    refusal(
        typed.create_job(of_type("b1", "b"), None).await.map(|_| ()),
        "outside_binding",
    );
    assert_eq!(t.count_jobs(&Filter::default()).await.unwrap().total(), 2);
}

#[on_both]
async fn an_idempotency_key_is_kept_for_each_binding(t: TestApp) {
    let once = || Some(Idempotency::new("key".into(), "create", &json!({})));
    let [red, blue] = ["red", "blue"].map(|team| bound(&t, Role::Creator, labels(team)));
    let first = red.create_job(any_job(), once()).await.unwrap().job;
    let again = red.create_job(any_job(), once()).await.unwrap();
    assert!(again.replayed && again.job.id == first.id);
    let other = blue.create_job(any_job(), once()).await.unwrap();
    assert!(!other.replayed && other.job.id != first.id);
    let free = t.create_job(any_job(), once()).await.unwrap();
    assert!(!free.replayed);
}

#[on_both]
async fn a_bound_worker_gets_jobs_of_its_labels_past_those_of_others(t: TestApp) {
    for n in 0..5 {
        let urgent = NewJob {
            priority: 5,
            ..of_team(&format!("b{n}"), "blue")
        };
        t.create(urgent).await;
    }
    t.create(of_team("r1", "red")).await;
    let red = bound(&t, Role::Worker, labels("red"));
    let many = |call_id: Option<&str>| Claim {
        max_jobs: 10,
        call_id: call_id.map(Into::into),
        ..claim("w")
    };
    let blue = bound(&t, Role::Worker, labels("blue"));
    assert_eq!(blue.claim_jobs(many(Some("call"))).await.unwrap().len(), 5);
    // The same worker and call under another binding: nothing is told again.
    let got = red.claim_jobs(many(Some("call"))).await.unwrap();
    let ids: Vec<_> = got.iter().map(|one| one.job.id.as_str()).collect();
    assert_eq!(ids, ["r1"]);
    assert!(red.claim_jobs(many(None)).await.unwrap().is_empty());
    let typed = bound(&t, Role::Worker, types(&["a"]));
    let named = refusal(
        typed.claim_jobs(many(None)).await.map(|_| ()),
        "outside_binding",
    );
    assert!(named.to_string().contains("idea2video"), "{named}");
}

#[on_both]
async fn a_waiting_worker_of_one_label_does_not_stand_in_the_way_of_another(t: TestApp) {
    let waits = |team: &'static str| {
        let worker = bound(&t, Role::Worker, labels(team));
        let waiting = Claim {
            wait_seconds: 60,
            ..claim(team)
        };
        tokio::spawn(async move { worker.claim_jobs(waiting).await.unwrap() })
    };
    // The one that waits first gets no job of the other's label.
    let blue = waits("blue");
    let patience = crate::support::Patience::begin();
    while t.idle_waits() < 1 {
        patience.pause("the first claim waits").await;
    }
    let red = waits("red");
    while t.idle_waits() < 2 {
        patience.pause("both claims wait").await;
    }
    t.create(of_team("r1", "red")).await;
    assert_eq!(red.await.unwrap()[0].job.id, "r1");
    t.create(of_team("b1", "blue")).await;
    assert_eq!(blue.await.unwrap()[0].job.id, "b1");
}

#[on_both]
async fn labels_that_bind_a_key_are_changed_by_an_admin_alone(t: TestApp) {
    let new = NewKey {
        name: "red".into(),
        role: Role::Worker,
        expires_at: None,
        binding: labels("red"),
        requests_per_minute: None,
    };
    let made = t.create_key(new).await.unwrap();
    assert_eq!(t.authenticate(&made.text).unwrap().binding, labels("red"));
    t.create(of_team("one", "red")).await;
    let relabel = |key: &str, value: Option<&str>| JobPatch {
        labels: Some(Some([(key.to_owned(), value.map(Into::into))].into())),
        ..JobPatch::default()
    };
    let operator = bound(&t, Role::Operator, Binding::default());
    for value in [Some("blue"), None] {
        let refused = operator
            .update_job("one", relabel("team", value), None)
            .await;
        let detail = refusal(refused, "outside_binding").to_string();
        assert!(
            detail.contains("team") && detail.contains("admin"),
            "{detail}"
        );
    }
    operator
        .update_job("one", relabel("stage", Some("x")), None)
        .await
        .unwrap();
    let inside = bound(&t, Role::Admin, labels("red"));
    refusal(
        inside
            .update_job("one", relabel("team", Some("blue")), None)
            .await,
        "outside_binding",
    );
    let admin = bound(&t, Role::Admin, Binding::default());
    admin
        .update_job("one", relabel("team", Some("blue")), None)
        .await
        .unwrap();
    t.revoke_key(&made.row.id).await.unwrap();
    operator
        .update_job("one", relabel("team", None), None)
        .await
        .unwrap();
}

#[on_both]
async fn an_action_of_a_bound_key_changes_no_job_outside_and_is_for_its_binding_alone(t: TestApp) {
    t.create(of_team("r1", "red")).await;
    t.create(of_team("b1", "blue")).await;
    let [red, blue] = ["red", "blue"].map(|team| bound(&t, Role::Operator, labels(team)));
    let new = NewAction {
        action: ActionKind::Cancel,
        priority: None,
        filter: ActionFilter::default(),
    };
    let preview = red.preview_action(&new).await.unwrap();
    assert_eq!((preview.by_status.total(), preview.will_change), (1, 1));
    let action = red.start_action(new, true, None).await.unwrap();
    assert_eq!(action.matching, 1);
    t.run_actions().await.unwrap();
    assert_eq!(
        t.get_job("r1").await.unwrap().status.to_string(),
        "cancelled"
    );
    assert_eq!(t.get_job("b1").await.unwrap().version, 1);
    let gone = "action_not_found";
    refusal(blue.get_action(&action.id).await, gone);
    refusal(blue.abort_action(&action.id).await, gone);
    refusal(blue.undo_action(&action.id).await, gone);
    refusal(
        blue.list_action_outcomes(&action.id, None, None, 10)
            .await
            .map(|_| ()),
        gone,
    );
    assert!(blue.list_actions(None, 10).await.unwrap().is_empty());
    assert_eq!(red.list_actions(None, 10).await.unwrap().len(), 1);
    assert_eq!(t.list_actions(None, 10).await.unwrap().len(), 1);
    red.undo_action(&action.id).await.unwrap();
    t.run_actions().await.unwrap();
    assert_eq!(t.get_job("r1").await.unwrap().status.to_string(), "queued");
}

#[on_both]
async fn statistics_are_for_types_that_a_key_is_bound_to(t: TestApp) {
    let stats = async |jobs: &JobManager, job_type: Option<&str>| {
        let detail = StatsDetail::default();
        let stats = jobs.get_stats(BucketSize::Minute, job_type, detail).await;
        stats.map(|stats| stats.by_type)
    };
    t.create(of_type("a1", "a")).await;
    t.create(of_type("b1", "b")).await;
    let typed = bound(&t, Role::Reader, types(&["a"]));
    assert_eq!(stats(&typed, Some("a")).await.unwrap().len(), 1);
    refusal(stats(&typed, None).await, "key_bound");
    refusal(stats(&typed, Some("b")).await, "key_bound");
    let red = bound(&t, Role::Reader, labels("red"));
    refusal(stats(&red, Some("a")).await, "key_bound");
}

#[on_both]
async fn the_cache_of_jobs_tells_a_bound_caller_nothing(t: TestApp) {
    t.create(of_team("theirs", "blue")).await;
    let id = "theirs";
    t.start(id).await;
    t.mark_failed(id, for_good("broken"), None).await.unwrap();
    t.view_job(id, 0).await.unwrap();
    let red = bound(&t, Role::Reader, labels("red"));
    refusal(red.view_job(id, 0).await.map(|_| ()), "job_not_found");
}

//! Who made what: jobs and events name the key of the caller, and a creator changes its own jobs
//! alone.

use crate::support::{TestApp, any_job, claim, for_good, refusal};
use callsheet::jobs::{
    ActionFilter, Filter, Guard, JobManager, JobPatch, NewAction, NewJob, Order, PageAfter,
    Principal, View,
};
use entity::{JobStatus, Role, job_action::ActionKind, job_event};
use std::sync::Arc;

/// The service as the key `id` uses it; its name is `name of ID`.
fn acting(t: &TestApp, id: &str, role: Role) -> JobManager {
    t.acting(Arc::new(Principal {
        key_id: Some(id.into()),
        name: format!("name of {id}"),
        role,
        ..Principal::anyone()
    }))
}

fn named(id: &str) -> NewJob {
    NewJob {
        job_id: Some(id.into()),
        ..any_job()
    }
}

async fn events(t: &TestApp, id: &str) -> Vec<job_event::Model> {
    t.list_events(id, None, 100).await.unwrap().rows
}

/// Kind of each event, with the key that caused it.
async fn causes(t: &TestApp, id: &str) -> Vec<(String, Option<String>)> {
    let events = events(t, id).await.into_iter();
    events.map(|event| (event.kind, event.by_key)).collect()
}

fn cause(kind: &str, key: Option<&str>) -> (String, Option<String>) {
    (kind.into(), key.map(Into::into))
}

#[on_both]
async fn jobs_and_events_name_the_key_that_caused_them(t: TestApp) {
    let creator = acting(&t, "creator1", Role::Creator);
    let worker = acting(&t, "worker01", Role::Worker);
    let operator = acting(&t, "operator", Role::Operator);
    let job = creator.create_job(named("one"), None).await.unwrap().job;
    assert_eq!(job.created_by.as_deref(), Some("creator1"));
    let claimed = worker.claim_jobs(claim("w")).await.unwrap().remove(0);
    let token = claimed.job.lease_token.unwrap();
    let failed = worker.mark_failed("one", for_good("broken"), Guard::lease(token));
    failed.await.unwrap();
    operator.retry_job("one", None).await.unwrap();
    creator.cancel_job("one", None, None).await.unwrap();
    operator.undo_job("one", None).await.unwrap();
    t.cancel_job("one", None, None).await.unwrap();
    assert_eq!(
        causes(&t, "one").await,
        [
            cause("created", Some("creator1")),
            cause("started", Some("worker01")),
            cause("failed", Some("worker01")),
            cause("retried", Some("operator")),
            cause("cancelled", Some("creator1")),
            cause("undone", Some("operator")),
            cause("cancelled", None),
        ]
    );
    let first = &events(&t, "one").await[0];
    assert_eq!(first.by_name.as_deref(), Some("name of creator1"));
    let later = t.get_job("one").await.unwrap();
    assert_eq!(later.created_by.as_deref(), Some("creator1"));
}

#[on_both]
async fn writes_that_share_a_transaction_each_name_their_own_caller(t: TestApp) {
    let keys: Vec<_> = (0..20).map(|n| format!("key{n:05}")).collect();
    let made = keys.iter().map(|key| {
        let creator = acting(&t, key, Role::Creator);
        async move {
            creator.create_job(named(key), None).await.unwrap();
            let patch = JobPatch {
                priority: Some(1),
                ..JobPatch::default()
            };
            creator.update_job(key, patch, None).await.unwrap();
        }
    });
    futures_util::future::join_all(made).await;
    for key in &keys {
        let by = Some(key.as_str());
        let wanted = [cause("created", by), cause("updated", by)];
        assert_eq!(causes(&t, key).await, wanted);
    }
    // In one transaction, each for another caller.
    let gone = keys.iter().map(|key| {
        let creator = acting(&t, key, Role::Creator);
        async move { creator.delete_job(key, None).await.unwrap() }
    });
    futures_util::future::join_all(gone).await;
    let last = t.database().events_between(0, i64::MAX).await.unwrap().rows;
    let deleted: Vec<_> = last
        .iter()
        .filter(|event| event.kind == "deleted")
        .collect();
    assert_eq!(deleted.len(), keys.len());
    for event in deleted {
        assert_eq!(event.by_key.as_ref(), Some(&event.job_id));
    }
}

#[on_both]
async fn a_creator_changes_its_own_jobs_and_no_others(t: TestApp) {
    let ada = acting(&t, "ada00001", Role::Creator);
    let bob = acting(&t, "bob00001", Role::Creator);
    ada.create_job(named("hers"), None).await.unwrap();
    t.named("nobodys").await;
    for id in ["hers", "nobodys"] {
        let patch = || JobPatch {
            priority: Some(9),
            ..JobPatch::default()
        };
        let detail = refusal(bob.update_job(id, patch(), None).await, "not_own_job").to_string();
        assert!(
            detail.contains("name of bob00001") && detail.contains("operator"),
            "{detail}"
        );
        refusal(bob.cancel_job(id, None, None).await, "not_own_job");
        refusal(bob.delete_job(id, None).await, "not_own_job");
        refusal(bob.retry_job(id, None).await, "not_own_job");
        refusal(bob.recover_job(id, None).await, "not_own_job");
        refusal(bob.undo_job(id, None).await, "not_own_job");
        refusal(
            bob.retry_failed_items(id, None).await.map(|_| ()),
            "not_own_job",
        );
        refusal(bob.set_active_job("tab", id, None).await, "not_own_job");
        let left = t.get_job(id).await.unwrap();
        assert_eq!((left.version, left.status), (1, JobStatus::Queued), "{id}");
    }
    assert_eq!(bob.get_job("hers").await.unwrap().id, "hers", "it may look");
    ada.set_active_job("tab", "hers", None).await.unwrap();
    refusal(
        bob.remove_active_jobs("tab", Some("hers".into())).await,
        "not_own_job",
    );
    assert_eq!(bob.remove_active_jobs("tab", None).await.unwrap(), 0);
    assert_eq!(ada.remove_active_jobs("tab", None).await.unwrap(), 1);
    ada.cancel_job("hers", None, None).await.unwrap();
    ada.retry_job("hers", None).await.unwrap();
    ada.delete_job("hers", None).await.unwrap();
    let operator = acting(&t, "operator", Role::Operator);
    operator.cancel_job("nobodys", None, None).await.unwrap();
}

#[on_both]
async fn jobs_are_listed_and_counted_by_their_creator(t: TestApp) {
    let ada = acting(&t, "ada00001", Role::Creator);
    for n in 0..3 {
        ada.create_job(named(&format!("a{n}")), None).await.unwrap();
        t.named(&format!("b{n}")).await;
    }
    let filter = Filter {
        created_by: Some("ada00001".into()),
        ..Filter::default()
    };
    assert_eq!(t.count_jobs(&filter).await.unwrap().queued, 3);
    let newest = Order::NewestFirst;
    let page = t.list_jobs(&filter, newest, PageAfter::Start, 10, View::Full);
    let page = page.await.unwrap();
    assert_eq!((page.total.jobs, page.total.exact), (3, true));
    let ids: Vec<_> = page.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(ids, ["a2", "a1", "a0"]);
    let nobody = Filter {
        created_by: Some("nobody".into()),
        ..Filter::default()
    };
    assert_eq!(t.count_jobs(&nobody).await.unwrap().total(), 0);
}

#[on_both]
async fn an_action_changes_jobs_in_the_name_of_the_key_that_started_it(t: TestApp) {
    t.named("one").await;
    let new = NewAction {
        action: ActionKind::Cancel,
        priority: None,
        filter: ActionFilter {
            job_ids: vec!["one".into()],
            ..ActionFilter::default()
        },
    };
    let operator = acting(&t, "operator", Role::Operator);
    let action = operator.start_action(new, true, None).await.unwrap();
    assert_eq!(action.by_key.as_deref(), Some("operator"));
    // The server runs it, not the caller.
    t.run_actions().await.unwrap();
    assert_eq!(
        causes(&t, "one").await,
        [cause("created", None), cause("cancelled", Some("operator"))]
    );
    let last = events(&t, "one").await.pop().unwrap();
    assert_eq!(last.by_name.as_deref(), Some("name of operator"));
    let other = acting(&t, "another1", Role::Operator);
    let undo = other.undo_action(&action.id).await.unwrap();
    assert_eq!(undo.by_key.as_deref(), Some("another1"));
    t.run_actions().await.unwrap();
    assert_eq!(
        causes(&t, "one").await.last().unwrap(),
        &cause("undone", Some("another1"))
    );
}

#[on_both]
async fn a_deleted_series_detaches_its_jobs_in_the_name_of_its_caller(t: TestApp) {
    let series = t.series("Night trains").await;
    let new = NewJob {
        series_id: Some(series.clone()),
        ..named("one")
    };
    t.create(new).await;
    let operator = acting(&t, "operator", Role::Operator);
    operator.delete_series(&series).await.unwrap();
    assert_eq!(
        causes(&t, "one").await.last().unwrap(),
        &cause("detached", Some("operator"))
    );
}

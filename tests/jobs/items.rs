//! list_items and report_items, and what a new attempt finds of them.

use crate::support::{TestApp, at_once, for_good, for_now, pointers};
use callsheet::jobs::ItemReport;
use chrono::TimeDelta;
use entity::{ItemStatus, ItemStatus::*, job_item};
use sea_orm::{ConnectionTrait, EntityTrait, sea_query::Expr};
use serde_json::json;

fn report(key: &str, status: ItemStatus) -> ItemReport {
    ItemReport {
        key: Some(key.into()),
        idx: None,
        status,
        result: None,
        error: None,
    }
}

fn at(idx: i32, status: ItemStatus) -> ItemReport {
    ItemReport {
        key: None,
        idx: Some(idx),
        status,
        result: None,
        error: None,
    }
}

async fn running(t: &TestApp, keys: &[&str]) -> String {
    let id = t.with_items(keys).await.id;
    t.start(&id).await;
    id
}

async fn statuses(t: &TestApp, id: &str) -> Vec<(String, ItemStatus)> {
    t.list_items(id, None, 100)
        .await
        .unwrap()
        .into_iter()
        .map(|i| (i.key, i.status))
        .collect()
}

#[on_both]
async fn items_are_reported_by_key_and_by_position_and_counted(t: TestApp) {
    let id = running(&t, &["a", "b", "c", "d"]).await;
    let reports = vec![
        report("b", Completed),
        at(2, Skipped),
        at(0, Failed),
        report("d", Processing),
    ];
    let job = t.report_items(&id, reports, None).await.unwrap();
    assert_eq!(
        (job.total_shots, job.completed_shots, job.progress),
        (4, 2, 50.0)
    );
    let expected = [
        ("a", Failed),
        ("b", Completed),
        ("c", Skipped),
        ("d", Processing),
    ];
    assert_eq!(
        statuses(&t, &id).await,
        expected.map(|(k, s)| (k.to_owned(), s))
    );
    let job = t
        .report_items(&id, vec![report("b", Failed), report("a", Completed)], None)
        .await
        .unwrap();
    assert_eq!(
        (job.completed_shots, job.progress),
        (2, 50.0),
        "one less, one more"
    );
    let whole = t.whole(&id).await;
    assert_eq!(
        whole.kinds(),
        ["created", "started", "items_reported", "items_reported"]
    );
    let told = json!({"items": [{"idx": 1, "key": "b", "status": "failed"}, {"idx": 0, "key": "a", "status": "completed"}]});
    assert_eq!(whole.events[3].data, Some(told));
    whole.assert_history_is_whole();
}

#[on_both]
async fn an_item_keeps_its_times_result_and_attempt(t: TestApp) {
    let id = running(&t, &["a"]).await;
    let begun = t.clock.advance(TimeDelta::seconds(1));
    t.report_items(&id, vec![report("a", Processing)], None)
        .await
        .unwrap();
    let ended = t.clock.advance(TimeDelta::seconds(1));
    let done = ItemReport {
        result: Some(json!({"video_path": "x.mp4"})),
        ..report("a", Completed)
    };
    t.report_items(&id, vec![done], None).await.unwrap();
    let item = t.list_items(&id, None, 1).await.unwrap().remove(0);
    assert_eq!(
        (item.attempt, item.started_at, item.completed_at),
        (1, Some(begun), Some(ended))
    );
    t.clock.advance(TimeDelta::seconds(1));
    let failed = ItemReport {
        error: Some("blurred".into()),
        ..report("a", Processing)
    };
    t.report_items(&id, vec![failed], None).await.unwrap();
    let item = t.list_items(&id, None, 1).await.unwrap().remove(0);
    assert_eq!(
        (item.completed_at, item.error.as_deref()),
        (None, Some("blurred"))
    );
    assert_eq!(
        item.result,
        Some(json!({"video_path": "x.mp4"})),
        "no result in a report leaves the last"
    );
    let completed_at = async |status| {
        let now = t.clock.advance(TimeDelta::seconds(1));
        let reports = vec![report("a", status)];
        t.report_items(&id, reports, None).await.unwrap();
        let item = t.list_items(&id, None, 1).await.unwrap().remove(0);
        (now, item.completed_at.unwrap())
    };
    let (failed, at) = completed_at(Failed).await;
    assert_eq!(at, failed);
    let (completed, at) = completed_at(Completed).await;
    assert_eq!(at, completed, "the time of the failure is none of the end");
    assert_eq!(
        completed_at(Completed).await.1,
        completed,
        "the same report again"
    );
}

#[on_both]
async fn a_key_that_is_not_there_yet_makes_an_item(t: TestApp) {
    let id = running(&t, &[]).await;
    t.update_shots(&id, Some(4), None, None).await.unwrap();
    let job = t
        .report_items(
            &id,
            vec![report("x", Completed), report("y", Pending)],
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        (job.total_shots, job.completed_shots, job.progress),
        (4, 1, 25.0),
        "the announced total stays"
    );
    let keys = ["z", "x", "w", "v"];
    let job = t
        .report_items(&id, keys.map(|k| report(k, Completed)).into(), None)
        .await
        .unwrap();
    assert_eq!((job.total_shots, job.completed_shots), (5, 4));
    let items = t.list_items(&id, None, 10).await.unwrap();
    let seen: Vec<_> = items.iter().map(|i| (i.idx, i.key.as_str())).collect();
    assert_eq!(seen, [(0, "x"), (1, "y"), (2, "z"), (3, "w"), (4, "v")]);
}

#[on_both]
async fn a_batch_is_taken_as_a_whole_or_not_at_all(t: TestApp) {
    let id = running(&t, &["a", "b"]).await;
    let beyond = vec![report("a", Completed), at(2, Completed)];
    t.refused(&id, "item_not_found", t.report_items(&id, beyond, None))
        .await;
    let wrong_pair = vec![
        report("b", Failed),
        ItemReport {
            key: Some("b".into()),
            ..at(0, Completed)
        },
    ];
    t.refused(&id, "item_conflict", t.report_items(&id, wrong_pair, None))
        .await;
    let twice = vec![report("a", Completed), at(0, Failed)];
    t.refused(&id, "item_conflict", t.report_items(&id, twice, None))
        .await;
    let twice_new = vec![report("n", Completed), report("n", Failed)];
    t.refused(&id, "item_conflict", t.report_items(&id, twice_new, None))
        .await;
    let nameless = vec![
        ItemReport {
            key: None,
            idx: None,
            ..at(0, Failed)
        },
        ItemReport {
            result: Some(json!({"p": "\0"})),
            ..at(-1, Failed)
        },
    ];
    let error = t
        .refused(&id, "invalid_request", t.report_items(&id, nameless, None))
        .await;
    assert_eq!(
        pointers(&error),
        [
            "/items/0 nothing_given",
            "/items/1/idx out_of_range",
            "/items/1/result/p nul_character"
        ]
    );
}

#[on_both]
async fn an_item_that_stands_twice_in_a_call_is_refused_even_when_the_first_changes_nothing(
    t: TestApp,
) {
    let id = running(&t, &["a", "b"]).await;
    t.report_items(&id, vec![report("a", Completed)], None)
        .await
        .unwrap();
    t.refused(
        &id,
        "item_conflict",
        t.report_items(&id, vec![report("a", Completed), at(0, Failed)], None),
    )
    .await;
}

#[on_both]
async fn a_call_reports_1_to_1000_items_and_a_job_holds_10_000(t: TestApp) {
    let id = running(&t, &["first"]).await;
    let batch = |from: i32, n: i32| {
        (from..from + n)
            .map(|i| report(&format!("k{i}"), Completed))
            .collect::<Vec<_>>()
    };
    for reports in [batch(0, 0), batch(0, 1001)] {
        let error = t
            .refused(&id, "invalid_request", t.report_items(&id, reports, None))
            .await;
        assert_eq!(pointers(&error), ["/items out_of_range"]);
    }
    for round in 0..9 {
        t.report_items(&id, batch(round * 1000, 1000), None)
            .await
            .unwrap();
    }
    let error = t
        .refused(
            &id,
            "invalid_request",
            t.report_items(&id, batch(9000, 1000), None),
        )
        .await;
    assert_eq!(pointers(&error), ["/items too_many"]);
    let job = t.report_items(&id, batch(9000, 999), None).await.unwrap();
    assert_eq!((job.total_shots, job.completed_shots), (10_000, 9_999));
    let job = t
        .report_items(&id, vec![report("first", Completed)], None)
        .await
        .unwrap();
    assert_eq!((job.completed_shots, job.progress), (10_000, 100.0));
}

#[on_both]
async fn a_report_that_changes_nothing_makes_no_event(t: TestApp) {
    let id = running(&t, &["a"]).await;
    t.report_items(&id, vec![report("a", Completed)], None)
        .await
        .unwrap();
    let before = t.whole(&id).await;
    t.clock.advance(TimeDelta::seconds(1));
    t.report_items(&id, vec![at(0, Completed)], None)
        .await
        .unwrap();
    assert_eq!(t.whole(&id).await, before);
}

#[on_both]
async fn a_key_that_several_items_have_is_refused_in_favour_of_the_position(t: TestApp) {
    let id = running(&t, &["0", "1"]).await;
    // Imported shots of two scenes may carry one number.
    let same = job_item::Entity::update_many().col_expr(job_item::Column::Key, Expr::val("0"));
    same.exec(t.database().read()).await.unwrap();
    t.refused(
        &id,
        "item_conflict",
        t.report_items(&id, vec![report("0", Completed)], None),
    )
    .await;
    let job = t
        .report_items(&id, vec![at(1, Completed)], None)
        .await
        .unwrap();
    assert_eq!(job.completed_shots, 1);
}

#[on_both]
async fn a_new_attempt_finds_the_done_items_done(t: TestApp) {
    let id = running(&t, &["a", "b", "c", "d"]).await;
    let reports = vec![
        report("a", Completed),
        report("b", Skipped),
        report("c", Failed),
        report("d", Processing),
    ];
    t.report_items(&id, reports, None).await.unwrap();
    let items = t.whole(&id).await.items;
    let queued = t
        .mark_failed(&id, for_now("lost its GPU"), None)
        .await
        .unwrap();
    assert_eq!(
        (queued.total_shots, queued.completed_shots, queued.progress),
        (4, 2, 50.0)
    );
    t.start(&id).await;
    t.mark_failed(&id, for_good("broken"), None).await.unwrap();
    let retried = t.retry_job(&id, None).await.unwrap();
    assert_eq!(
        (
            retried.total_shots,
            retried.completed_shots,
            retried.progress
        ),
        (4, 2, 50.0)
    );
    let after = t.whole(&id).await;
    assert_eq!(after.items, items);
    after.assert_history_is_whole();
}

#[on_both]
async fn reports_of_many_at_once_are_all_counted(t: TestApp) {
    let id = running(&t, &["seed"]).await;
    let worker = |n: i32| {
        let (t, id) = (t.clone(), id.clone());
        async move {
            for i in 0..10 {
                t.report_items(&id, vec![report(&format!("w{n}-{i}"), Completed)], None)
                    .await
                    .unwrap();
            }
        }
    };
    at_once((0..8).map(worker)).await;
    let whole = t.whole(&id).await;
    let job = whole.job.as_ref().unwrap();
    assert_eq!(
        (job.total_shots, job.completed_shots, whole.items.len()),
        (81, 80, 81)
    );
    assert!(
        whole
            .items
            .iter()
            .zip(0..)
            .all(|(item, idx)| item.idx == idx),
        "positions have no gaps"
    );
    whole.assert_history_is_whole();
}

#[on_both]
async fn items_are_paged_by_position(t: TestApp) {
    let id = t.with_items(&["a", "b", "c"]).await.id;
    let page = |after, limit| {
        let (t, id) = (t.clone(), id.clone());
        async move {
            t.list_items(&id, after, limit)
                .await
                .unwrap()
                .iter()
                .map(|i| i.idx)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(page(None, 2).await, [0, 1]);
    assert_eq!(page(Some(1), 2).await, [2]);
    assert_eq!(page(Some(2), 2).await, [0; 0]);
    assert_eq!(page(Some(-5), 9).await, [0, 1, 2]);
}

#[on_both]
async fn counts_that_contradict_the_items_fail_no_report(t: TestApp) {
    for (total, done, was) in [
        (i32::MAX, i32::MAX, Pending),
        (1, 1, Pending),
        (1, 0, Completed),
    ] {
        let id = running(&t, &["a"]).await;
        t.report_items(&id, vec![report("a", was)], None)
            .await
            .unwrap();
        let counts = format!(
            "UPDATE video_generation_jobs SET total_shots = {total}, completed_shots = {done} \
             WHERE id = '{id}'"
        );
        let raw = t.db.raw().await;
        raw.execute_unprepared(&counts).await.unwrap();
        raw.close().await.unwrap();
        let now = if was == Pending { Completed } else { Failed };
        let job = t
            .report_items(&id, vec![report("a", now)], None)
            .await
            .unwrap();
        assert_eq!(job.completed_shots, i32::from(now == Completed));
        let job = t.mark_completed(&id, None, None).await.unwrap();
        assert!(job.completed_shots <= job.total_shots);
    }
}

#[on_both]
async fn items_that_would_be_too_large_to_claim_together_are_refused(t: TestApp) {
    let id = running(&t, &[]).await;
    // Bytes that no database packs.
    let mut rng = fastrand::Rng::with_seed(15);
    let large: String = (0..8 << 20).map(|_| rng.alphanumeric()).collect();
    let one = |key: usize| ItemReport {
        result: Some(json!(large)),
        ..report(&key.to_string(), Completed)
    };
    for key in 0..7 {
        t.report_items(&id, vec![one(key)], None).await.unwrap();
    }
    let refused = t.report_items(&id, vec![one(7), one(8)], None).await;
    assert_eq!(pointers(&refused.unwrap_err()), ["/items too_large"]);
    t.report_items(&id, vec![report("small", Completed)], None)
        .await
        .unwrap();
}

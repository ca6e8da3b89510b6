use super::*;

use crate::{
    ItemStatus,
    ItemStatus::Completed,
    lease::batch::{MAX_ITEMS, MAX_LINES},
};

fn item(key: &str, status: ItemStatus, result: Option<Value>) -> Report {
    let item = ItemReport {
        key: Some(key.into()),
        idx: None,
        status,
        result,
        error: None,
    };
    Report {
        item: Some(item),
        ..Report::default()
    }
}

fn progress(progress: f64) -> Report {
    Report {
        progress: Some(progress),
        ..Report::default()
    }
}

fn keys(batch: &ReportBatch) -> Vec<&str> {
    batch
        .items
        .iter()
        .filter_map(|item| item.key.as_deref())
        .collect()
}

#[tokio::test]
async fn the_newest_progress_and_the_last_word_on_each_item_are_told() {
    let reports = Reports::default();
    for said in [
        progress(1.0),
        item("a", ItemStatus::Processing, Some(1.into())),
        item("b", Completed, None),
        progress(2.0),
    ] {
        reports.add(said).await;
    }
    reports.add(item("a", Completed, None)).await;
    let batch = reports.take();
    assert_eq!((batch.progress, keys(&batch)), (Some(2.0), vec!["a", "b"]));
    assert_eq!(
        (batch.items[0].status, &batch.items[0].result),
        (Completed, &Some(1.into()))
    );
    assert_eq!(reports.take(), ReportBatch::default());
}

#[tokio::test]
async fn what_is_put_back_gives_way_to_newer_words() {
    let reports = Reports::default();
    reports.add(progress(1.0)).await;
    reports.add(item("a", ItemStatus::Processing, None)).await;
    reports.log("first".into()).await;
    let untold = reports.take();
    reports.add(progress(2.0)).await;
    reports.add(item("b", Completed, None)).await;
    reports.add(item("a", Completed, None)).await;
    reports.log("second".into()).await;
    reports.put_back(untold);
    let batch = reports.take();
    assert_eq!((batch.progress, keys(&batch)), (Some(2.0), vec!["a", "b"]));
    assert_eq!(batch.items[0].status, Completed);
    assert_eq!(batch.log, ["first", "second"]);
}

#[tokio::test]
async fn who_reports_more_items_than_a_call_takes_waits_for_room() {
    let reports = Reports::default();
    for n in 0..MAX_ITEMS {
        reports.add(item(&n.to_string(), Completed, None)).await;
    }
    let mut more = Box::pin(reports.add(item("more", Completed, None)));
    assert!(futures_util::poll!(&mut more).is_pending());
    let batch = reports.take();
    assert_eq!(batch.items.len(), MAX_ITEMS);
    more.await;
    reports.put_back(batch);
    assert_eq!(reports.take().items.len(), MAX_ITEMS);
    assert_eq!(keys(&reports.take()), ["more"]);
}

#[tokio::test]
async fn large_items_go_in_calls_that_the_server_takes() {
    let reports = Reports::default();
    let large = || Some(Value::from("x".repeat(600_000)));
    reports.log("line".into()).await;
    reports.add(item("a", Completed, large())).await;
    reports.add(item("b", Completed, large())).await;
    let first = reports.take();
    assert_eq!((keys(&first), first.log.len()), (vec!["a"], 1));
    assert_eq!(keys(&reports.take()), ["b"]);
    reports.log("line".into()).await;
    reports
        .add(item("c", Completed, Some("x".repeat(900_000).into())))
        .await;
    assert_eq!(
        (keys(&reports.take()).len(), reports.take().log),
        (1, vec!["line".to_owned()])
    );
}

#[tokio::test]
async fn lines_that_come_too_fast_are_counted() {
    let reports = Reports::default();
    for n in 0..5000 {
        reports.log(n.to_string()).await;
    }
    let log = reports.take().log;
    assert_eq!(log.len(), MAX_LINES);
    assert_eq!(
        log[MAX_LINES - 1],
        "(4901 lines more, which came too fast, are left out)"
    );
}

#[tokio::test]
async fn it_is_over_when_the_last_words_are_told() {
    let reports = Reports::default();
    assert_eq!(reports.state(), State::Nothing);
    reports.add(progress(1.0)).await;
    assert_eq!(reports.state(), State::Something);
    reports.close();
    assert_eq!(reports.state(), State::Urgent);
    reports.take();
    assert_eq!(reports.state(), State::Finished);
}

/// Sends all batches to a server that refuses an item of this key, and progress.
async fn send_all(reports: &Reports, bad: &str) -> (Vec<String>, Vec<String>, Option<ItemReport>) {
    let (mut taken, mut log, mut refused) = (Vec::new(), Vec::new(), None);
    while reports.state() != State::Nothing {
        let batch = reports.take();
        if batch.progress.is_some() || keys(&batch).contains(&bad) {
            refused = reports.narrow(batch, "no").or(refused);
        } else {
            taken.extend(keys(&batch).into_iter().map(str::to_owned));
            log.extend(batch.log);
        }
    }
    taken.sort();
    (taken, log, refused)
}

#[tokio::test]
async fn a_report_that_the_server_refuses_costs_itself() {
    let reports = Reports::default();
    reports.add(progress(1.0)).await;
    reports.log("line".into()).await;
    for key in ["a", "b", "c", "d", "e"] {
        reports.add(item(key, Completed, None)).await;
    }
    let (taken, log, refused) = send_all(&reports, "d").await;
    assert_eq!(taken, ["a", "b", "c", "e"]);
    assert_eq!(log, ["line", "(progress was not taken: no)"]);
    assert_eq!(refused.unwrap().key.as_deref(), Some("d"));
}

#[tokio::test]
async fn batches_follow_the_limit_of_the_server() {
    let reports = Reports::new(Limits::of_body(8192));
    let large = || Some(Value::from("x".repeat(3000)));
    reports.log("y".repeat(5000)).await;
    reports.add(item("a", Completed, large())).await;
    reports.add(item("b", Completed, large())).await;
    let batch = reports.take();
    assert!(serde_json::to_vec(&batch).unwrap().len() < 8192 * 7 / 8);
    assert_eq!(
        (keys(&batch), keys(&reports.take())),
        (vec!["a"], vec!["b"])
    );
}

#[tokio::test]
async fn an_item_is_settled_when_the_server_has_it_or_will_never_take_it() {
    let reports = Reports::default();
    let named = |key: &str| item(key, Completed, None).item.unwrap();
    reports.add(item("a", Completed, None)).await;
    let a = named("a");
    let mut settled = Box::pin(reports.settled(&a));
    assert!(futures_util::poll!(&mut settled).is_pending());
    let batch = reports.take();
    assert!(futures_util::poll!(&mut settled).is_pending());
    reports.put_back(batch);
    let _batch = reports.take();
    assert!(futures_util::poll!(&mut settled).is_pending());
    reports.sent();
    settled.await;
    reports.settled(&named("never reported")).await;
    reports.add(item("b", Completed, None)).await;
    let refused = reports.narrow(reports.take(), "no");
    assert_eq!(refused.unwrap().key.as_deref(), Some("b"));
    reports.sent();
    reports.settled(&named("b")).await;
}

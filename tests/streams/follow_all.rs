//! The stream of all jobs.

use super::reader::{Message, Reader, kinds};
use crate::{api::face::Api, support::for_good};

const PATH: &str = "/api/v1/events/stream";

pub async fn open(t: &Api, query: &str, last_id: Option<&str>) -> Reader {
    Reader::open(t.client(), &t.url(&format!("{PATH}{query}")), last_id).await
}

pub fn steps(messages: &[Message]) -> Vec<(&str, i64)> {
    messages.iter().map(|m| (m.job(), m.seq())).collect()
}

#[on_both]
async fn counts_come_first_then_the_changes_of_all_jobs_in_order(t: Api) {
    let a = t.queued().await;
    let mut reader = open(&t, "", None).await;
    let snapshot = reader.next().await.unwrap();
    assert_eq!(
        (snapshot.event.as_str(), &snapshot.data["counts"]["queued"]),
        ("snapshot", &1.into())
    );
    assert_eq!(snapshot.id.as_deref(), snapshot.data["position"].as_str());
    let b = t.queued().await;
    t.start(&a.id).await;
    t.cancel_job(&b.id, None, None).await.unwrap();
    t.delete_job(&b.id, None).await.unwrap();
    let mut told = Vec::new();
    while told
        .last()
        .is_none_or(|last: &Message| last.kind() != "deleted")
    {
        told.push(reader.next().await.unwrap());
    }
    // What was deleted before it was read is not told any more, but that it was deleted is.
    assert!(kinds(&told).contains(&"started"), "{:?}", kinds(&told));
    let positions: Vec<i64> = told
        .iter()
        .map(|m| m.data["position"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(positions.is_sorted(), "{positions:?}");
}

#[on_both]
async fn who_comes_back_to_all_jobs_is_told_what_was_missed_and_nothing_twice(t: Api) {
    let mut reader = open(&t, "", None).await;
    reader.next().await.unwrap();
    let a = t.started().await;
    let told = reader.take(2).await;
    assert_eq!(steps(&told), [(a.id.as_str(), 1), (a.id.as_str(), 2)]);
    let mut again = open(&t, "", told[0].id.as_deref()).await;
    assert_eq!(steps(&again.take(1).await), [(a.id.as_str(), 2)]);
    t.mark_failed(&a.id, for_good("broken"), None)
        .await
        .unwrap();
    assert_eq!(steps(&again.take(1).await), [(a.id.as_str(), 3)]);
    // A place is also the position of an event, as lists and messages tell it.
    let position = told[1].data["position"].as_str().unwrap();
    assert_eq!(
        steps(
            &open(&t, &format!("?after={position}"), None)
                .await
                .take(1)
                .await
        ),
        [(a.id.as_str(), 3)]
    );
    assert_eq!(
        steps(&open(&t, "?after=0", None).await.take(3).await).len(),
        3
    );
}

#[on_both]
async fn a_place_of_the_future_and_a_pruned_one_give_a_reset(t: Api) {
    t.started().await;
    let told = open(&t, "", Some("999")).await.take(2).await;
    assert_eq!(
        (kinds(&told), told[0].data["reason"].as_str()),
        (vec!["reset", "snapshot"], Some("position_unknown"))
    );
    t.queued().await;
    let raw = t.db.raw().await;
    sea_orm::ConnectionTrait::execute_unprepared(&raw, "DELETE FROM job_events WHERE id < 3")
        .await
        .unwrap();
    let told = open(&t, "", Some("1")).await.take(2).await;
    assert_eq!(
        (kinds(&told), told[0].data["reason"].as_str()),
        (vec!["reset", "snapshot"], Some("history_pruned"))
    );
    // From the beginning is from the beginning of what there is.
    assert_eq!(
        kinds(&open(&t, "", Some("0")).await.take(1).await),
        ["created"]
    );
    for id in ["x", "-1", "1.2", "1.1.1.1", "99999999999999999999"] {
        t.get_with(PATH, "last-event-id", id)
            .await
            .problem(400, "invalid_request");
        t.get(&format!("{PATH}?after={id}"))
            .await
            .problem(400, "invalid_request");
    }
    t.get(&format!("{PATH}?label=x"))
        .await
        .problem(400, "invalid_request");
    t.get(&format!("{PATH}?status=done"))
        .await
        .problem(400, "invalid_request");
}

#[on_both]
async fn who_was_away_while_old_history_was_taken_away_begins_anew(t: Api) {
    let waits = t.queued().await;
    t.job_in(entity::JobStatus::Completed).await;
    t.clock.advance(chrono::TimeDelta::days(40));
    t.roll_up_stats().await.unwrap();
    assert_eq!(
        t.prune_events(chrono::TimeDelta::days(30)).await.unwrap(),
        2
    );
    // The first event is still there, and so is the last, but not what was between.
    let told = open(&t, "", Some("1")).await.take(2).await;
    assert_eq!(
        (kinds(&told), told[0].data["reason"].as_str()),
        (vec!["reset", "snapshot"], Some("history_pruned"))
    );
    t.start(&waits.id).await;
    assert_eq!(
        kinds(&open(&t, "", Some("4")).await.take(1).await),
        ["started"]
    );
}

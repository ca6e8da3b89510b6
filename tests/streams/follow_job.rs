//! The stream of one job.

use super::reader::{Message, Reader, kinds, progress};
use crate::{
    api::face::{Api, of_job},
    support::for_good,
};

async fn open(t: &Api, id: &str, last_id: Option<&str>) -> Reader {
    Reader::open(t.client(), &t.url(&of_job(id, "/events/stream")), last_id).await
}

fn seqs(messages: &[Message]) -> Vec<i64> {
    messages.iter().map(Message::seq).collect()
}

#[on_both]
async fn a_snapshot_comes_first_then_each_change_and_the_end_with_the_job(t: Api) {
    let job = t.queued().await;
    let mut reader = open(&t, &job.id, None).await;
    let snapshot = reader.next().await.unwrap();
    assert_eq!(
        (snapshot.event.as_str(), snapshot.id.as_deref()),
        ("snapshot", Some("1"))
    );
    assert_eq!(snapshot.data, t.job(&job.id).await);
    t.start(&job.id).await;
    assert_eq!(reader.next().await.unwrap().kind(), "started");
    progress(&t, &job.id, 40.0).await;
    let told = reader.next().await.unwrap();
    assert_eq!(
        (told.kind(), &told.data["progress"], told.id.as_deref()),
        ("progressed", &40.0.into(), Some("3"))
    );
    t.mark_completed(&job.id, None, None).await.unwrap();
    let rest = reader.rest().await;
    assert_eq!(kinds(&rest), ["completed"]);
    assert_eq!(
        rest[0].data,
        t.get(&of_job(&job.id, "/events?after=3")).await.json(200)["events"][0]
    );
}

#[on_both]
async fn who_comes_back_is_told_what_was_missed_and_nothing_twice(t: Api) {
    let job = t.started().await;
    progress(&t, &job.id, 40.0).await;
    t.mark_failed(&job.id, for_good("broken"), None)
        .await
        .unwrap();
    assert_eq!(
        seqs(&open(&t, &job.id, Some("1")).await.rest().await),
        [2, 3, 4]
    );
    assert_eq!(
        seqs(&open(&t, &job.id, Some("0")).await.rest().await),
        [1, 2, 3, 4]
    );
    let path = of_job(&job.id, "/events/stream?after=3");
    assert_eq!(
        seqs(
            &Reader::open(t.client(), &t.url(&path), None)
                .await
                .rest()
                .await
        ),
        [4]
    );
    // The header counts before the parameter.
    assert_eq!(
        seqs(
            &Reader::open(t.client(), &t.url(&path), Some("2"))
                .await
                .rest()
                .await
        ),
        [3, 4]
    );
    t.get_with(&path, "last-event-id", "4").await.empty(204);
    t.get(&of_job(&job.id, "/events/stream?after=9"))
        .await
        .empty(204);
    // Who has not seen it yet gets a snapshot, and the end.
    let all = open(&t, &job.id, None).await.rest().await;
    assert_eq!(kinds(&all), ["snapshot"]);
    t.retry_job(&job.id, None).await.unwrap();
    assert_eq!(
        open(&t, &job.id, Some("4"))
            .await
            .next()
            .await
            .unwrap()
            .kind(),
        "retried"
    );
}

#[on_both]
async fn a_place_that_is_not_in_the_history_gives_a_reset_and_a_new_snapshot(t: Api) {
    let job = t.started().await;
    let told = open(&t, &job.id, Some("7")).await.take(2).await;
    assert_eq!(kinds(&told), ["reset", "snapshot"]);
    assert_eq!(
        (told[0].data["reason"].as_str(), &told[0].id),
        (Some("position_unknown"), &None)
    );
    let raw = t.db.raw().await;
    sea_orm::ConnectionTrait::execute_unprepared(&raw, "DELETE FROM job_events WHERE seq = 1")
        .await
        .unwrap();
    let told = open(&t, &job.id, Some("0")).await.take(2).await;
    assert_eq!(
        (kinds(&told), told[0].data["reason"].as_str()),
        (vec!["reset", "snapshot"], Some("history_pruned"))
    );
    assert_eq!(
        kinds(&open(&t, &job.id, Some("1")).await.take(1).await),
        ["started"]
    );
}

#[on_both]
async fn what_is_no_place_is_refused(t: Api) {
    let job = t.queued().await;
    for id in ["x", "-1", "1.5", "99999999999999999999", "1 2"] {
        let path = of_job(&job.id, "/events/stream");
        t.get_with(&path, "last-event-id", id)
            .await
            .problem(400, "invalid_request");
        t.get(&format!("{path}?after={id}"))
            .await
            .problem(400, "invalid_request");
    }
    t.get(&of_job("nobody", "/events/stream"))
        .await
        .problem(404, "job_not_found");
}

#[on_both]
async fn the_stream_of_a_job_ends_when_the_job_is_deleted(t: Api) {
    let job = t.started().await;
    let mut reader = open(&t, &job.id, None).await;
    assert_eq!(reader.next().await.unwrap().kind(), "snapshot");
    t.delete_job(&job.id, None).await.unwrap();
    assert_eq!(kinds(&reader.rest().await), ["deleted"]);
    t.get(&of_job(&job.id, "/events/stream"))
        .await
        .problem(404, "job_not_found");
}

//! Waiting for the next change of a job without a stream.

use crate::api::face::{Api, of_job};
use std::time::Duration;

#[on_both]
async fn a_held_answer_comes_with_the_next_change(t: Api) {
    let job = t.queued().await;
    let waiting = tokio::spawn(t.get(&of_job(&job.id, "?wait=60&since_version=1")));
    t.start(&job.id).await;
    assert_eq!(waiting.await.unwrap().json(200)["version"], 2);
    // What changed before is answered at once, and so is whatever there is when nobody waits.
    assert_eq!(
        t.get(&of_job(&job.id, "?wait=60&since_version=1"))
            .await
            .json(200)["version"],
        2
    );
    assert_eq!(
        t.get(&of_job(&job.id, "?wait=0")).await.json(200)["version"],
        2
    );
    assert_eq!(
        t.get(&of_job(&job.id, "?since_version=9")).await.json(200)["version"],
        2
    );
    t.get_with(&of_job(&job.id, "?wait=1"), "if-none-match", "\"2\"")
        .await
        .empty(304);
}

#[on_both]
async fn who_waits_for_a_job_that_is_deleted_is_told(t: Api) {
    let job = t.queued().await;
    let waiting = tokio::spawn(t.get(&of_job(&job.id, "?wait=60")));
    tokio::time::sleep(Duration::from_millis(50)).await;
    t.delete_job(&job.id, None).await.unwrap();
    waiting.await.unwrap().problem(404, "job_not_found");
    for query in ["?wait=61", "?wait=-1", "?wait=x", "?wait=1&since_version=x"] {
        t.get(&of_job(&job.id, query))
            .await
            .problem(400, "invalid_request");
    }
}

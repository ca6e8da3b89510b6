//! Retention and the archive over HTTP.

use super::{archive_all, store};
use crate::api::face::Api;
use callsheet::jobs::{ArchiveStore, Storage, Then};
use serde_json::json;

fn serve_archive(api: &Api, folder: &tempfile::TempDir) {
    archive_all(api, folder);
    api.served().set_storage(Storage {
        keep: super::nothing(Then::Archive),
        archive: Some(ArchiveStore::folder(folder.path())),
    });
}

#[on_both]
async fn a_queue_takes_a_rule_and_a_preview_shows_it(api: Api) {
    let body = json!({"keep": {"completed": "36h", "failed": "0"}, "then": "archive"});
    let queue = api.put("/api/v1/queues/film", body).await.json(200);
    let keep = json!({"completed": "36h", "failed": "0", "cancelled": null});
    assert_eq!((&queue["keep"], &queue["then"]), (&keep, &json!("archive")));
    let id = super::ended(&api, "film", entity::JobStatus::Failed).await;
    let preview = api.post("/api/v1/retention/preview", json!({})).await;
    let preview = preview.json(200);
    assert_eq!(
        (&preview["would_archive"], &preview["would_delete"]),
        (&json!(1), &json!(0))
    );
    let count = json!({
        "then": "archive", "status": "failed", "job_type": "film", "month": "2026-01", "jobs": 1,
    });
    assert_eq!(preview["counts"], json!([count]));
    assert_eq!(preview["rules"][1]["completed"], "36h");
    api.get(&format!("/api/v1/jobs/{id}")).await.json(200);
    let queue = api
        .put(
            "/api/v1/queues/film",
            json!({"keep": {"failed": null}, "then": null}),
        )
        .await
        .json(200);
    assert_eq!(queue["keep"]["failed"], json!(null));
}

#[on_both]
async fn a_duration_that_is_none_is_refused_with_a_sentence(api: Api) {
    for (wrong, word) in [("-1d", "without a minus"), ("soon", "not a duration")] {
        let body = json!({"keep": {"completed": wrong}});
        let problem = api.put("/api/v1/queues/film", body).await;
        let problem = problem.problem(400, "invalid_request");
        let error = &problem["errors"][0];
        assert_eq!(error["pointer"], "/keep/completed", "{problem}");
        assert!(
            error["detail"].as_str().unwrap().contains(word),
            "{problem}"
        );
    }
    let body = json!({"then": "burn"});
    let problem = api.put("/api/v1/queues/film", body).await;
    let problem = problem.problem(400, "invalid_request");
    assert_eq!(problem["errors"][0]["pointer"], "/then", "{problem}");
}

#[on_both]
async fn an_archived_job_is_read_from_the_archive_and_restored(api: Api) {
    let folder = store();
    let id = api.with_items(&["a", "b"]).await.id;
    api.cancel_job(&id, None, None).await.unwrap();
    let path = format!("/api/v1/jobs/{id}");
    let mut before = api.get(&path).await.json(200);
    assert!(before.get("archived_at").is_none());
    serve_archive(&api, &folder);
    assert_eq!(api.run_retention().await.unwrap().archived, 1);
    let answer = api.get(&path).await;
    let tag = answer.header("etag").unwrap().to_owned();
    let archived = answer.json(200);
    before["archived_at"] = json!("2026-01-01T00:00:00.000000Z");
    assert_eq!(archived, before);
    api.get_with(&path, "if-none-match", &tag).await.empty(304);
    let list = api.get("/api/v1/archives").await.json(200);
    assert_eq!(list["archives"][0]["archived"], 1);
    let retried = api.post(&format!("{path}/retry"), json!({})).await;
    retried.problem(409, "job_archived");
    api.delete(&path).await.problem(409, "job_archived");
    std::fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
    api.get(&path).await.problem(503, "archive_unavailable");
    std::fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
    let restored = api.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(restored.json(200)["status"], "cancelled");
    before.as_object_mut().unwrap().remove("archived_at");
    assert_eq!(api.get(&path).await.json(200), before);
}

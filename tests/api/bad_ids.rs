//! Ids that no job can have, in paths and in bodies.

use super::face::{Api, of_job, places};
use serde_json::json;

#[on_both]
async fn an_id_in_a_path_that_no_job_has_is_not_found(api: Api) {
    let job = api.with_items(&["0"]).await;
    let before = api.whole(&job.id).await;
    let long = "x".repeat(300);
    let ids = [
        &*long,
        "a%2Fb",
        "%2F",
        "..%2F..%2Fetc",
        "%F0%9F%8E%AC",
        "a%00b",
        "%27%20OR%201=1",
        "%25",
        "a%20b",
    ];
    for id in ids {
        api.get(&of_job(id, "")).await.problem(404, "job_not_found");
        api.get(&of_job(id, "/shots"))
            .await
            .problem(404, "job_not_found");
        api.get(&of_job(id, "/items"))
            .await
            .problem(404, "job_not_found");
        api.get(&of_job(id, "/events"))
            .await
            .problem(404, "job_not_found");
        api.patch(&of_job(id, ""), json!({"style": "Noir"}))
            .await
            .problem(404, "job_not_found");
        api.put(&of_job(id, "/progress"), json!({"progress": 1}))
            .await
            .problem(404, "job_not_found");
        api.post(&of_job(id, "/start"), json!({}))
            .await
            .problem(404, "job_not_found");
        api.delete(&of_job(id, ""))
            .await
            .problem(404, "job_not_found");
        api.get(&format!("/api/v1/series/{id}"))
            .await
            .problem(404, "series_not_found");
        api.delete(&format!("/api/v1/episodes/{id}"))
            .await
            .problem(404, "episode_not_found");
    }
    assert_eq!(api.whole(&job.id).await, before);
    let problem = api
        .get(&of_job("%ff%fe", ""))
        .await
        .problem(400, "invalid_request");
    assert_eq!(places(&problem), ["path invalid_parameter"]);
}

#[on_both]
async fn an_id_in_a_body_that_is_not_one_is_refused(api: Api) {
    let long = "x".repeat(300);
    for id in [
        &*long, "a/b", "🎬", "", " ", "a b", "a\0b", "a\n", "é", "a%2Fb",
    ] {
        let problem = api
            .post(
                "/api/v1/jobs",
                json!({"job_type": "idea2video", "job_id": id}),
            )
            .await;
        assert_eq!(
            places(&problem.problem(400, "invalid_request")),
            ["/job_id invalid_format"],
            "{id:?}"
        );
    }
    for job_type in [&*long, "a/b", "🎬", "", "Idea2Video"] {
        let problem = api
            .post("/api/v1/jobs", json!({"job_type": job_type}))
            .await;
        assert_eq!(
            places(&problem.problem(400, "invalid_request")),
            ["/job_type invalid_format"],
            "{job_type:?}"
        );
    }
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        0
    );
}

#[on_both]
async fn an_id_that_means_something_else_in_a_url_is_refused(api: Api) {
    for id in ["counts", "bulk", "actions", ".", ".."] {
        let problem = api
            .post(
                "/api/v1/jobs",
                json!({"job_type": "idea2video", "job_id": id}),
            )
            .await;
        assert_eq!(
            places(&problem.problem(400, "invalid_request")),
            ["/job_id reserved_id"],
            "{id}"
        );
    }
}

#[on_both]
async fn an_id_that_is_taken_is_refused(api: Api) {
    let job = api.named("night-train").await;
    let again = api.post(
        "/api/v1/jobs",
        json!({"job_type": "idea2video", "job_id": job.id, "style": "Noir"}),
    );
    api.unchanged(&job.id, again, 409, "job_exists").await;
}

#[on_both]
async fn legacy_ids_are_taken_as_they_are(api: Api) {
    let long = "x".repeat(64);
    for id in [
        "7",
        "job_2024-01-01.a:b",
        "0199d3a4-7c1e-7b52-9f0a-3f1c5b8a2d10",
        &long,
    ] {
        assert_eq!(
            api.made(json!({"job_type": "idea2video", "job_id": id}))
                .await["job_id"],
            id
        );
        assert_eq!(api.job(id).await["job_id"], id);
    }
}

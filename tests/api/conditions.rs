//! ETag, If-Match, If-None-Match, Location.

use super::face::{Api, call, of_job, places, without_shots};
use reqwest::Method;
use serde_json::json;

#[on_both]
async fn the_etag_is_the_version(api: Api) {
    let made = api.post("/api/v1/jobs", json!({"job_type": "a"})).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let id = made.json(201)["job_id"].as_str().unwrap().to_owned();
    let started = api.post(&of_job(&id, "/start"), json!({})).await;
    assert_eq!(
        (started.header("etag"), &started.json(200)["version"]),
        (Some("\"2\""), &2.into())
    );
    assert_eq!(
        api.get(&of_job(&id, "")).await.header("etag"),
        Some("\"2\"")
    );
    let same = api.patch(&of_job(&id, ""), json!({})).await;
    assert_eq!(
        same.header("etag"),
        Some("\"2\""),
        "a patch that changes nothing makes no version"
    );
}

#[on_both]
async fn an_unchanged_job_is_not_sent_again(api: Api) {
    let id = api.queued().await.id;
    for tag in ["\"1\"", "W/\"1\"", "*", "\"7\", \"1\"", "\"7\",W/\"1\""] {
        let answer = api.get_with(&of_job(&id, ""), "If-None-Match", tag).await;
        answer.empty(304);
        assert_eq!(answer.header("etag"), Some("\"1\""), "{tag}");
    }
    for tag in ["\"2\"", "1", "\"\"", "W/\"10\"", "x"] {
        api.get_with(&of_job(&id, ""), "If-None-Match", tag)
            .await
            .json(200);
    }
    api.start(&id).await;
    assert_eq!(
        api.get_with(&of_job(&id, ""), "If-None-Match", "\"1\"")
            .await
            .json(200)["status"],
        "processing"
    );
    api.get_with(&of_job("nobody", ""), "If-None-Match", "*")
        .await
        .problem(404, "job_not_found");
}

#[on_both]
async fn a_change_is_made_to_the_version_that_was_seen(api: Api) {
    let id = api.queued().await.id;
    for (version, tag) in [
        (1, "\"1\""),
        (2, "\"1\", \"2\""),
        (3, "*"),
        (4, "W/\"4\", \"4\""),
    ] {
        let body = json!({"project_title": format!("Title {version}")});
        let patch = api
            .request(Method::PATCH, &of_job(&id, ""))
            .header("If-Match", tag)
            .json(&body);
        assert_eq!(call(patch).await.json(200)["version"], version + 1, "{tag}");
    }
    for tag in ["5", "'5'", "\"5", "\"5\" \"5\"", "w/\"5\"", "\"5\";"] {
        let delete = call(
            api.request(Method::DELETE, &of_job(&id, ""))
                .header("If-Match", tag),
        );
        let problem = api.unchanged(&id, delete, 400, "invalid_request").await;
        assert_eq!(places(&problem), ["If-Match invalid_header"], "{tag}");
    }
    let delete = api
        .request(Method::DELETE, &of_job(&id, ""))
        .header("If-Match", "\"5\"");
    call(delete).await.json(200);
}

#[on_both]
async fn a_change_to_a_job_that_is_not_there_is_not_found(api: Api) {
    for tag in ["*", "\"1\""] {
        let patch = api
            .request(Method::PATCH, &of_job("nobody", ""))
            .header("If-Match", tag)
            .json(&json!({"style": "x"}));
        call(patch).await.problem(404, "job_not_found");
    }
}

#[on_both]
async fn a_location_leads_to_what_was_made(api: Api) {
    let series = api
        .post("/api/v1/series", json!({"title": "Night trains"}))
        .await;
    let id = series.json(201)["series_id"].clone();
    for (path, body) in [
        ("/api/v1/jobs", json!({"job_type": "a"})),
        ("/api/v1/jobs", json!({"job_type": "a", "job_id": "a:b._-"})),
        ("/api/v1/series", json!({"title": "Lighthouses"})),
        (
            "/api/v1/episodes",
            json!({"series_id": id, "title": "Home", "number": 1}),
        ),
    ] {
        let made = api.post(path, body).await;
        let found = api.get(made.header("location").unwrap()).await.json(200);
        assert_eq!(without_shots(found), made.json(201));
    }
}

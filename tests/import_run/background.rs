//! Imports over HTTP: uploaded, in the background, and not lost sight of when the server is.

use crate::{
    import::dump::{job, sample},
    support::{Server, TestDb},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

async fn upload(
    server: &Server,
    query: &str,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> reqwest::Response {
    let call = server
        .client
        .post(server.at(&format!("/api/v1/imports{query}")));
    call.header("content-type", content_type)
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn get(server: &Server, path: &str) -> Value {
    server
        .client
        .get(server.at(path))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// The import when it has ended.
async fn ended(server: &Server, path: &str) -> Value {
    for _ in 0..600 {
        let import = get(server, path).await;
        if import["status"] != "running" {
            return import;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{path} does not end");
}

#[on_both]
async fn an_upload_comes_in_in_the_background(t: TestDb) {
    let server = Server::start(&t.url).await;
    let dump = json!({"a": job("a", json!({})), "b": job("b", json!({"progress": 180})), "bad": null, "worse": []});
    let answer = upload(
        &server,
        "?file_name=jobs.json&source_tz=America/New_York",
        "application/json",
        dump.to_string(),
    );
    let answer = answer.await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    let started: Value = answer.json().await.unwrap();
    assert_eq!(
        path,
        format!("/api/v1/imports/{}", started["import_id"].as_str().unwrap())
    );
    let import = ended(&server, &path).await;
    assert_eq!(import["status"], "finished");
    let counts =
        ["found", "imported", "repaired", "rejected"].map(|name| import[name].as_i64().unwrap());
    assert_eq!(counts, [4, 2, 1, 2]);
    assert_eq!(
        import["report"]["sources"][0]["rejected_by_reason"],
        json!({"not_an_object": 2})
    );
    assert_eq!(
        import["report"]["total"]["repaired_by_rule"],
        json!({"progress_put_on_scale": 1})
    );
    assert_eq!(
        (&import["options"]["files"], &import["options"]["source_tz"]),
        (&json!(["jobs.json"]), &json!("America/New_York"))
    );
    assert_eq!(
        get(&server, "/api/v1/jobs/a").await["created_at"],
        "2025-06-01T16:00:00.250000Z"
    );

    let first = get(&server, &format!("{path}/rejects?limit=1")).await;
    assert_eq!(
        (&first["rejects"][0]["file"], &first["rejects"][0]["key"]),
        (&json!("jobs.json"), &json!("bad"))
    );
    let rest = get(
        &server,
        &format!("{path}/rejects?after={}", first["next_after"]),
    )
    .await;
    assert_eq!(
        (&rest["rejects"][0]["key"], &rest["next_after"]),
        (&json!("worse"), &Value::Null)
    );

    let database = std::fs::read(sample("vimax_seko.db")).unwrap();
    let answer = upload(
        &server,
        "?file_name=vimax_seko.db",
        "application/octet-stream",
        database,
    )
    .await;
    let import = ended(&server, answer.headers()["location"].to_str().unwrap()).await;
    assert_eq!(
        (&import["imported"], &import["rejected"]),
        (&json!(20), &json!(0))
    );
    let list = get(&server, "/api/v1/imports?limit=1").await;
    assert_eq!(list["imports"][0]["import_id"], import["import_id"]);
    assert!(list["next_cursor"].is_string());
}

#[on_both]
async fn a_dry_upload_writes_its_account_alone(t: TestDb) {
    let server = Server::start(&t.url).await;
    let dump = json!([job("a", json!({})), 3]).to_string();
    let answer = upload(
        &server,
        "?dry_run=true",
        "application/json; charset=utf-8",
        dump,
    )
    .await;
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    let import = ended(&server, &path).await;
    assert_eq!(
        (&import["found"], &import["imported"], &import["rejected"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(import["options"]["dry_run"], true);
    assert_eq!(
        get(&server, &format!("{path}/rejects")).await["rejects"][0]["key"],
        "[1]"
    );
    assert_eq!(get(&server, "/api/v1/jobs").await["pagination"]["total"], 0);
}

#[on_both]
async fn what_is_no_upload_is_refused(t: TestDb) {
    let server = Server::start_with(&t.url, &["--max-upload-bytes", "2048"]).await;
    for (query, content_type, body, code) in [
        ("", "image/png", "[]".to_owned(), "media_type_unsupported"),
        ("", "application/json", " ".repeat(3000), "body_too_large"),
        (
            "?from=vedo",
            "application/json",
            "[]".to_owned(),
            "invalid_request",
        ),
        (
            "?source_tz=Moon",
            "application/json",
            "[]".to_owned(),
            "invalid_request",
        ),
        (
            "?on_conflict=ask",
            "application/json",
            "[]".to_owned(),
            "invalid_request",
        ),
        (
            "?interrupted=maybe",
            "application/json",
            "[]".to_owned(),
            "invalid_request",
        ),
    ] {
        let problem: Value = upload(&server, query, content_type, body)
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(problem["code"], code, "{query} {content_type}: {problem}");
    }
    // Sent in pieces, without a length.
    let pieces = (0..3).map(|_| Ok::<_, std::io::Error>(" ".repeat(1000)));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let problem: Value = upload(&server, "", "application/json", body)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(problem["code"], "body_too_large");
    assert_eq!(get(&server, "/api/v1/imports").await["imports"], json!([]));
    assert_eq!(
        get(&server, "/api/v1/imports/nowhere").await["code"],
        "import_not_found"
    );
    assert_eq!(
        get(&server, "/api/v1/imports/nowhere/rejects").await["code"],
        "import_not_found"
    );
}

#[on_both]
async fn bytes_that_come_without_a_type_are_read(t: TestDb) {
    let server = Server::start(&t.url).await;
    let call = server.client.post(server.at("/api/v1/imports"));
    let body = Value::from(vec![job("film", json!({}))]).to_string();
    let answer = call.body(body.into_bytes()).send().await.unwrap();
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(ended(&server, &path).await["imported"], 1);
    let nothing = server.client.post(server.at("/api/v1/imports"));
    let problem: Value = nothing.send().await.unwrap().json().await.unwrap();
    assert_eq!(problem["code"], "media_type_unsupported");
}

fn many() -> String {
    let records: Vec<_> = (0..40_000)
        .map(|n| job(&format!("job-{n:05}"), json!({})))
        .collect();
    Value::from(records).to_string()
}

#[on_both]
async fn a_run_that_a_crash_cut_is_failed_at_the_next_start(t: TestDb) {
    let server = Server::start(&t.url).await;
    let answer = upload(&server, "", "application/json", many()).await;
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    server.kill().await;
    let server = Server::start(&t.url).await;
    let import = ended(&server, &path).await;
    assert_eq!(import["status"], "failed");
    assert!(
        import["error"].as_str().unwrap().contains("has stopped"),
        "{import}"
    );
    assert_eq!(
        import["imported"],
        get(&server, "/api/v1/jobs").await["pagination"]["total"]
    );
}

#[on_both]
async fn a_server_that_stops_ends_its_runs(t: TestDb) {
    let server = Server::start(&t.url).await;
    let answer = upload(&server, "", "application/json", many()).await;
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(server.stop("TERM").await.success());
    let server = Server::start(&t.url).await;
    let import = get(&server, &path).await;
    assert_eq!(import["status"], "failed");
    assert!(
        import["error"]
            .as_str()
            .unwrap()
            .starts_with("Stopped on request"),
        "{import}"
    );
    assert_eq!(
        import["imported"],
        get(&server, "/api/v1/jobs").await["pagination"]["total"]
    );
}

//! A server that a proxy publishes under a path.

use super::face::{Api, call};
use reqwest::Method;
use serde_json::{Value, json};

#[on_both]
async fn under_a_base_path_every_address_in_a_response_begins_with_it(api: Api) {
    let based = api
        .again(|config| config.base_path = "/tools/sheet".into())
        .await;
    for path in ["/tools/sheet/api/v1/jobs", "/api/v1/jobs"] {
        let made = based.post(path, json!({"job_type": "a"})).await;
        let id = made.json(201)["job_id"].as_str().unwrap().to_owned();
        let location = made.header("location").unwrap().to_owned();
        assert_eq!(location, format!("/tools/sheet/api/v1/jobs/{id}"));
        based.get(&location).await.json(200);
    }
    let list = based.get("/tools/sheet/api/v1/jobs?limit=1").await;
    let link = list.header("link").unwrap();
    assert!(
        link.starts_with("</tools/sheet/api/v1/jobs?limit=1&cursor="),
        "{link}"
    );
    let problem: Value =
        serde_json::from_slice(&based.get("/tools/sheet/api/v1/jobs/none").await.body).unwrap();
    assert_eq!(problem["type"], "/tools/sheet/problems/job_not_found");
    assert_eq!(
        based
            .get("/tools/sheet/problems/job_not_found")
            .await
            .status,
        200
    );
    let other = based.get("/tools/sheetx/api/v1/jobs").await;
    assert_eq!(other.status, 404);
}

#[on_sqlite]
async fn documents_and_pages_name_the_base_path(api: Api) {
    let based = api.again(|config| config.base_path = "/sheet".into()).await;
    for path in ["/openapi.json", "/openapi-3.0.json"] {
        let document = based.get(&format!("/sheet{path}")).await.text();
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["servers"][0]["url"], "/sheet", "{path}");
    }
    assert!(
        based
            .get("/sheet/openapi.yaml")
            .await
            .text()
            .contains("url: /sheet")
    );
    assert!(
        based
            .get("/sheet/docs")
            .await
            .text()
            .contains("\"url\":\"/sheet\"")
    );
    let page = based.get("/sheet/").await.text();
    assert!(page.contains("<html data-base=\"/sheet\""), "{page}");
    let script = page
        .split("src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(script.starts_with("/sheet/assets/"), "{script}");
    assert_eq!(based.get(script).await.status, 200);
    assert!(
        !page.contains("href=\"/new\"") && page.contains("href=\"/sheet/new\""),
        "{page}"
    );
}

#[on_sqlite]
async fn the_prefix_that_a_trusted_proxy_forwards_counts_and_no_other(api: Api) {
    let job = api.queued().await;
    let location = |api: &Api, prefix: &str| {
        let body = json!({"job_type": "a"});
        let request = api.request(Method::POST, "/api/v1/jobs").json(&body);
        call(request.header("X-Forwarded-Prefix", prefix))
    };
    let answer = location(&api, "/proxied").await;
    assert!(
        answer
            .header("location")
            .unwrap()
            .starts_with("/proxied/api/v1/jobs/")
    );
    let page = api
        .get_with("/jobs", "X-Forwarded-Prefix", "/proxied/")
        .await;
    assert!(page.text().contains("href=\"/proxied/new\""));
    for prefix in ["//evil.example", "https://evil.example", "/a\"b", "", "/.."] {
        let answer = location(&api, prefix).await;
        assert!(
            answer
                .header("location")
                .unwrap()
                .starts_with("/api/v1/jobs/"),
            "{prefix}"
        );
    }
    let distrustful = api
        .again(|config| config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()])
        .await;
    let answer = location(&distrustful, "/proxied").await;
    assert!(
        answer
            .header("location")
            .unwrap()
            .starts_with("/api/v1/jobs/")
    );
    distrustful
        .get(&format!("/api/v1/jobs/{}", job.id))
        .await
        .json(200);
}

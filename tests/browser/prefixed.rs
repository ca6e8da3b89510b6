//! The dashboard of a server that a proxy publishes under a path.

use super::desk::LIVE;
use crate::support::{Backend, Chromium, Server, TestDb};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_works_under_a_base_path() {
    let folder = tempfile::tempdir().unwrap();
    let db = TestDb::empty(Backend::Sqlite).await;
    let server = Server::start_with(&db.url, &["--base-path", "/tools/sheet"]).await;
    let body =
        serde_json::json!({"job_type": "a", "job_id": "one", "project_title": "Night train"});
    let create = server.client.post(server.at("/api/v1/jobs")).json(&body);
    assert_eq!(create.send().await.unwrap().status(), 201);
    let browser = Chromium::start(&folder.path().join("profile")).await;
    let page = browser.page().await;
    page.open(&server.at("/tools/sheet/")).await;
    page.until(LIVE).await;
    page.click(".pages a[href='/tools/sheet/jobs']").await;
    page.until("location.pathname === '/tools/sheet/jobs'")
        .await;
    page.click("a[href='/tools/sheet/jobs/one']").await;
    page.until("location.pathname === '/tools/sheet/jobs/one'")
        .await;
    page.until("document.querySelector('h1').textContent.includes('Night train')")
        .await;
    page.reload().await;
    page.until(LIVE).await;
    page.until("document.querySelector('h1').textContent.includes('Night train')")
        .await;
    let marked = page
        .eval("document.querySelector('.pages [aria-current]')?.getAttribute('href')")
        .await;
    assert_eq!(marked, "/tools/sheet/jobs");
    let outside = page
        .heard()
        .requests
        .into_iter()
        .filter(|url| url.starts_with("http") && !url.starts_with(&server.at("/tools/sheet/")));
    assert_eq!(outside.collect::<Vec<_>>(), Vec::<String>::new());
    browser.close().await;
}

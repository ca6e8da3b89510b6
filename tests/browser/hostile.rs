//! Texts that would be markup, scripts, links, or turn a line around.

use super::{desk::Desk, pictures::expected};
use crate::support::Patience;
use serde_json::json;

const MARKUP: &str = "<img src=x \
    onerror=\"window.pwned=1;alert(1)\"><script>window.pwned=2</script>\u{202e}gnp.exe \
    javascript:alert(3)";

/// Puts the text into every field that takes one.
pub async fn fill(desk: &Desk) {
    let series = desk.call("POST", "/series", json!({"title": MARKUP})).await;
    let series = series["series_id"].as_str().unwrap();
    desk.call(
        "POST",
        "/episodes",
        json!({"series_id": series, "title": MARKUP, "number": 1}),
    )
    .await;
    let all = json!({
        "project_title": MARKUP, "content": MARKUP, "style": MARKUP, "user_requirement": MARKUP, "series_id": series,
        "labels": {"team": MARKUP}, "context": {MARKUP: MARKUP}, "request_data": {MARKUP: [MARKUP]}, "working_dir": MARKUP,
        "items": [{"key": MARKUP, "input": {"description": MARKUP, "visual_desc": MARKUP, "variation_type": MARKUP}}, {"key": "two", "input": {"visual_desc": MARKUP}}],
    });
    for id in ["running", "failed", "done", "again"] {
        desk.job(id, all.clone()).await;
        desk.call(
            "POST",
            &format!("/jobs/{id}/start"),
            json!({"worker_id": MARKUP.replace('\u{202e}', "")}),
        )
        .await;
        let result = json!({"first_frame_path": "https://evil.example/x.png", "last_frame_path": "//evil.example/y.png", "video_path": "javascript:alert(4)"});
        let reports = json!([{"key": MARKUP, "status": "completed", "result": result}, {"key": "two", "status": "failed", "error": MARKUP, "result": {"first_frame_path": "/media/../api/v1/jobs"}}]);
        desk.call(
            "PATCH",
            &format!("/jobs/{id}/items"),
            json!({"items": reports}),
        )
        .await;
        desk.call(
            "PUT",
            &format!("/jobs/{id}/progress"),
            json!({"current_stage": MARKUP}),
        )
        .await;
    }
    desk.fail("failed", &format!("{MARKUP}\n{MARKUP}")).await;
    desk.call(
        "POST",
        "/jobs/again/fail",
        json!({"error": MARKUP, "retry_after_seconds": 3600}),
    )
    .await;
    let result = json!({"video_path": "https://evil.example/film.mp4", "note": MARKUP, "big": 12345678901234567890_u64});
    desk.call("POST", "/jobs/done/complete", json!({"result": result}))
        .await;
    let dump = json!({"a": {"job_id": MARKUP, "status": MARKUP}, MARKUP: MARKUP});
    let name: String = MARKUP.bytes().map(|b| format!("%{b:02X}")).collect();
    let import = desk
        .call("POST", &format!("/imports?file_name={name}"), dump)
        .await;
    let path = format!("/imports/{}", import["import_id"].as_str().unwrap());
    let patience = Patience::begin();
    while desk.call("GET", &path, json!({})).await["status"] == "running" {
        patience.pause("the import ends").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_in_every_text_is_shown_as_text() {
    let desk = Desk::open().await;
    fill(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    let series = desk.call("GET", "/series", json!({})).await["series"][0]["series_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let import = desk.call("GET", "/imports", json!({})).await["imports"][0]["import_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let paths = [
        "/",
        "/jobs",
        "/jobs/running",
        "/jobs/failed",
        "/jobs/done",
        "/jobs/again",
        "/compare?a=running&b=failed",
        "/compare?a=done",
        "/series",
        "/new",
        "/workers",
        "/schedules",
        "/webhooks",
        "/storage",
        "/imports",
    ]
    .map(str::to_owned);
    let more = [
        format!("/series/{series}"),
        format!("/imports/{import}"),
        "/jobs/running?shot=1".to_owned(),
        "/jobs?q=%3Cimg%20src%3Dx%3E&label=team%3D%3Cb%3E".to_owned(),
    ];
    for path in paths.iter().chain(&more) {
        page.open(&desk.at(path)).await;
        if !["/new", "/workers", "/schedules", "/webhooks", "/storage"].contains(&path.as_str()) {
            page.until("document.body.innerText.includes('<img src=x')")
                .await;
        }
        // Whatever can be opened is opened.
        page.run(include_str!("scripts/open-details.js"), json!([]))
            .await;
        let bad = page
            .run(include_str!("scripts/hostile-effects.js"), json!([]))
            .await;
        assert_eq!(bad, json!([null, 0, 0]), "{path}");
        assert!(
            !page.text().await.contains('\u{202e}'),
            "{path}: a mark that turns the line is shown, not obeyed"
        );
    }
    page.open(&desk.at("/jobs/done")).await;
    page.click("details.json summary").await;
    page.until("document.body.textContent.includes('12345678901234567890')")
        .await;
    let heard = page.heard();
    let complaints: Vec<_> = heard
        .complaints
        .iter()
        .filter(|said| !expected(said, false))
        .collect();
    assert_eq!((complaints, heard.dialogs), (vec![], vec![]));
    let strangers: Vec<_> = heard
        .requests
        .iter()
        .filter(|url| !url.starts_with(&desk.server.url))
        .collect();
    assert!(
        strangers
            .iter()
            .all(|url| url.starts_with("about:") || url.starts_with("data:")),
        "{strangers:?}"
    );
    browser.close().await;
}

//! What a page asks the server for when it is opened.

use super::{desk::Desk, pictures};
use crate::support::Page;
use serde_json::json;

/// Calls of the API that the page made since it was opened, and streams.
fn calls(page: &Page) -> (Vec<String>, usize) {
    let asked = page
        .heard()
        .requests
        .into_iter()
        .filter_map(|url| url.split_once("/api/v1").map(|(_, path)| path.to_owned()));
    let (streams, calls): (Vec<_>, Vec<_>) = asked
        .filter(|path| path != "/session")
        .partition(|path| path.contains("/events/stream"));
    (calls, streams.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_asks_who_one_is_is_filled_by_three_calls_and_kept_by_one_stream() {
    let desk = Desk::open().await;
    pictures::fill(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    let series = desk.call("GET", "/series", json!({})).await["series"][1]["series_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let paths = [
        "/",
        "/?range=hour",
        "/jobs",
        "/jobs/running",
        "/jobs/next",
        "/jobs/done",
        "/compare?a=done&b=failed",
        "/new",
        "/series",
        "/workers",
        "/schedules",
        "/webhooks",
        "/storage",
        "/imports",
        "/actions",
    ];
    for path in paths
        .map(str::to_owned)
        .into_iter()
        .chain([format!("/series/{series}")])
    {
        page.forget();
        desk.follow(&page, &path).await;
        pictures::settle(&page).await;
        let (calls, streams) = calls(&page);
        // Queues that wait are foreseen, and films are shown, when the rest is there.
        let (later, calls): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|path| path.ends_with("/forecast") || path.contains("status=completed"));
        assert!(later.len() <= 5, "{path}: {later:?}");
        assert!(calls.len() <= 3 && !calls.is_empty(), "{path}: {calls:?}");
        assert_eq!(streams, 1, "{path}");
    }
    // The newest frames come with the list, and nothing is asked for each job.
    desk.follow(&page, "/").await;
    page.until(
        "[...document.querySelectorAll('.card img')].filter((img) => img.complete && \
        img.naturalWidth).length === 3",
    )
    .await;
    browser.close().await;
}

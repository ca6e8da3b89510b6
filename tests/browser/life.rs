//! A job outlives the page that started it: reload, close, another tab, another server.

use super::desk::{Desk, LIVE, at_percent};
use serde_json::json;

/// Fills the form and sends it; answers with the id of the job.
async fn start_in_the_page(desk: &Desk, page: &crate::support::Page) -> String {
    page.open(&desk.at("/new")).await;
    page.fill(
        "[name=content]",
        "A fox learns to ride the night train home",
    )
    .await;
    page.fill("[name=project_title]", "Night train").await;
    page.click("form .primary").await;
    page.until("location.pathname.startsWith('/jobs/') && document.querySelector('.status')")
        .await;
    let path = page.eval("location.pathname").await;
    path.as_str()
        .unwrap()
        .trim_start_matches("/jobs/")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_started_and_reloaded_at_once_goes_on() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    let id = start_in_the_page(&desk, &page).await;
    page.reload().await;
    page.until("document.querySelector('.status').textContent === 'Queued'")
        .await;
    desk.start(&id).await;
    desk.progress(&id, 40.0, "Drawing frames").await;
    page.until(&format!(
        "{} && document.body.innerText.includes('Drawing frames')",
        at_percent(40)
    ))
    .await;
    assert!(
        page.eval("document.title")
            .await
            .as_str()
            .unwrap()
            .starts_with("40")
    );
    // The first page knows it too, because the server does.
    page.open(&desk.at("/")).await;
    page.until(
        "document.querySelector('.mine').innerText.includes('Night train') && \
        document.querySelector('.card')",
    )
    .await;
    desk.complete(&id).await;
    page.until("document.querySelector('.mine').hidden && !document.querySelector('.card')")
        .await;
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_is_closed_and_opened_again_shows_its_job() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let id = start_in_the_page(&desk, &browser.page().await).await;
    browser.close().await;
    desk.start(&id).await;
    desk.progress(&id, 25.0, "Writing storyboard").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/")).await;
    page.shows(".mine-row", &["25", "Writing storyboard"]).await;
    page.click(".mine-row").await;
    page.until(&format!(
        "location.pathname === '/jobs/{id}' && document.querySelector('.huge')"
    ))
    .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_agree() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let browser = desk.browser().await;
    let (list, other) = (
        browser.page().await,
        Box::pin(crate::support::Chromium::start(&desk.profile("other"))).await,
    );
    let job = other.page().await;
    desk.follow(&list, "/jobs").await;
    desk.follow(&job, "/jobs/one").await;
    list.until("document.querySelector('[data-id=one]')").await;
    desk.start("one").await;
    for percent in [10, 35, 60] {
        desk.progress("one", percent.into(), "Rendering").await;
        list.until(&format!(
            "document.querySelector('[data-id=one] .value').textContent.startsWith('{percent}')"
        ))
        .await;
        job.until(&at_percent(percent)).await;
    }
    // What is done in one is seen in the other.
    desk.fail("one", "the model refused").await;
    list.until("document.querySelector('[data-id=one] .status').textContent === 'Failed'")
        .await;
    job.until("document.querySelector('.error-card').innerText.includes('the model refused')")
        .await;
    job.click(".job-actions .primary").await;
    list.until("document.querySelector('[data-id=one] .status').textContent === 'Queued'")
        .await;
    job.until("document.querySelector('.status').textContent === 'Queued'")
        .await;
    job.shows(".toast", &["Undo"]).await;
    browser.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_finds_a_restarted_server_by_itself() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/one").await;
    let stopped = desk.kill().await;
    page.until(
        "!document.getElementById('banner').hidden && \
        document.body.innerText.includes('Connection lost: as of')",
    )
    .await;
    page.click(".job-actions .act").await;
    page.until("document.querySelector('.toast').innerText.includes('nothing was done')")
        .await;
    let desk = stopped.again().await;
    desk.progress("one", 70.0, "Mixing sound").await;
    page.until(&format!(
        "document.getElementById('banner').hidden && {}",
        at_percent(70)
    ))
    .await;
    page.until(LIVE).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_grows_shot_by_shot_in_the_hands_of_a_worker() {
    let desk = Desk::open().await;
    let items: Vec<_> = (0..4)
        .map(|n| json!({"key": format!("shot-{n}"), "input": {"shot_idx": n}}))
        .collect();
    desk.job("one", json!({"items": items})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs/one")).await;
    page.until(
        "document.querySelectorAll('.shot').length === 4 && document.body.innerText.includes('No \
        worker is there')",
    )
    .await;
    let token = desk.claim("gpu-7").await;
    page.until(
        "document.querySelector('.status').textContent === 'Processing' && \
        document.body.innerText.includes('gpu-7')",
    )
    .await;
    for (done, key) in ["shot-0", "shot-1", "shot-2"].into_iter().enumerate() {
        let report = json!({"key": key, "status": "completed", "result": {"first_frame_path": "/media/frame.svg"}});
        let beat = json!({"lease_token": token, "current_stage": format!("Drawing {key}"), "items": [report]});
        desk.call("POST", "/jobs/one/heartbeat", beat).await;
        page.until(&format!(
            "document.querySelectorAll('.shot.i-completed').length === {}",
            done + 1
        ))
        .await;
        page.shows("body", &[&format!("Drawing {key}")]).await;
    }
    page.until(
        "[...document.querySelectorAll('.shot img')].filter((img) => img.complete && \
        img.naturalWidth).length === 3",
    )
    .await;
    // A shot is selected, and its neighbour with a key; the address keeps it.
    page.click(".shot").await;
    page.until(
        "document.querySelector('.inspector').innerText.includes('Shot 1') && \
        location.search === '?shot=1'",
    )
    .await;
    page.eval("document.querySelector('.shot').focus()").await;
    page.press("ArrowRight").await;
    page.until(
        "document.querySelector('.inspector').innerText.includes('Shot 2') && \
        location.search === '?shot=2'",
    )
    .await;
    page.press("Escape").await;
    page.until("document.querySelector('.inspector').hidden && location.search === ''")
        .await;
    let failed = json!({"lease_token": token, "items": [{"key": "shot-3", "status": "failed", "error": "the model refused"}]});
    desk.call("POST", "/jobs/one/heartbeat", failed).await;
    desk.call(
        "POST",
        "/jobs/one/complete",
        json!({"lease_token": token, "result": {"video_path": "/media/frame.svg"}}),
    )
    .await;
    page.until("document.querySelector('.status').textContent === 'Completed'")
        .await;
    page.shows(".attempts", &["gpu-7"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_claims_is_seen_on_the_pages() {
    let desk = Desk::open().await;
    let items: Vec<_> = (0..3)
        .map(|n| json!({"key": format!("shot-{n}"), "input": {"shot_idx": n}}))
        .collect();
    desk.job("one", json!({"items": items})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/workers").await;
    page.until("document.body.innerText.includes('No worker has been seen')")
        .await;
    let token = desk.claim("gpu-7").await;
    page.shows("tbody", &["gpu-7", "render-host", "Title of one"])
        .await;
    page.until("document.querySelector('tbody .status').textContent === 'Busy'")
        .await;
    page.click("[aria-label=Queues] .act:not(.link)").await;
    page.until("document.querySelector('[aria-label=Queues] tbody').innerText.includes('Paused')")
        .await;
    assert_eq!(
        desk.call("GET", "/queues", json!({})).await["queues"][0]["paused"],
        true
    );
    let outcomes = json!([{"key": "shot-0", "status": "completed"}, {"key": "shot-1", "status": "failed", "error": "the model refused"}]);
    desk.call(
        "POST",
        "/jobs/one/heartbeat",
        json!({"lease_token": token, "items": outcomes}),
    )
    .await;
    desk.call(
        "POST",
        "/jobs/one/complete",
        json!({"lease_token": token, "result": {}}),
    )
    .await;
    page.until("document.querySelector('tbody .status').textContent === 'Free'")
        .await;
    // The failed shot alone is made again, by another job.
    page.open(&desk.at("/jobs/one")).await;
    page.click(".job-actions .act:not(.primary)").await;
    page.click(".toast a").await;
    page.until(
        "location.pathname !== '/jobs/one' && document.querySelectorAll('.shot').length === 1",
    )
    .await;
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

//! The page of schedules: made with a preview in words, paused, resumed, run and deleted.

use super::desk::Desk;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_is_made_with_a_preview_paused_run_and_deleted() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/schedules").await;
    page.until("document.body.innerText.includes('No schedules')")
        .await;
    page.click(".empty .act").await;
    page.fill("dialog label:nth-of-type(1) input", "yearly")
        .await;
    page.fill("dialog label:nth-of-type(3) input", "0 0 30 2 *")
        .await;
    page.shows("dialog .preview", &["would never fire", "February 30"])
        .await;
    page.fill("dialog label:nth-of-type(3) input", "0 3 1 1 *")
        .await;
    page.fill("dialog label:nth-of-type(4) input", "europe/berlin")
        .await;
    page.shows("dialog .preview", &["At 03:00", "(Europe/Berlin)"])
        .await;
    page.until("document.querySelectorAll('dialog .preview li').length === 5")
        .await;
    page.click("dialog [type=submit]").await;
    page.shows("tbody", &["yearly", "At 03:00", "Active"]).await;
    // Run now, pause, resume.
    page.click("tbody td:last-child button:nth-child(1)").await;
    page.shows(".toast", &["yearly made a job."]).await;
    page.until("document.querySelector('tbody td:nth-child(5)').textContent === '1'")
        .await;
    page.click("tbody td:last-child button:nth-child(2)").await;
    page.shows("tbody", &["Paused", "Resume"]).await;
    assert!(desk.call("GET", "/schedules/yearly", json!({})).await["paused_at"].is_string());
    page.click("tbody td:last-child button:nth-child(2)").await;
    page.shows("tbody", &["Active", "Pause"]).await;
    // The words lead to the next times.
    page.click("tbody button.link").await;
    page.until("document.querySelectorAll('dialog li').length === 10")
        .await;
    page.click("dialog header button").await;
    page.click("tbody td:last-child button:nth-child(3)").await;
    page.click("dialog .danger").await;
    page.until("document.body.innerText.includes('No schedules')")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_refuses_stays_in_the_form() {
    let desk = Desk::open().await;
    let taken = json!({
        "schedule_id": "taken", "kind": "every", "expr": "1d",
        "template": {"job_type": "idea2video"},
    });
    desk.call("POST", "/schedules", taken).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/schedules").await;
    page.shows("tbody", &["taken", "Every day"]).await;
    page.click(".tools .act").await;
    page.fill("dialog label:nth-of-type(1) input", "taken")
        .await;
    page.fill("dialog label:nth-of-type(3) input", "30 9 * * MON-FRI")
        .await;
    page.click("dialog [type=submit]").await;
    page.shows(
        "dialog [role=alert]",
        &["already exists: choose another id"],
    )
    .await;
    browser.close().await;
}

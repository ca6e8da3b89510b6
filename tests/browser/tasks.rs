//! What people come to the dashboard for, and in how many clicks they have it.

use super::{
    desk::Desk,
    doors::{MEMORY, night},
    wall,
};
use crate::support::{Page, Patience};
use serde_json::{Value, json};

/// A hand that counts its clicks.
struct Hand<'a> {
    page: &'a Page,
    clicks: usize,
}

impl<'a> Hand<'a> {
    fn of(page: &'a Page) -> Self {
        Self { page, clicks: 0 }
    }

    async fn click(&mut self, selector: &str) {
        self.page.click(selector).await;
        self.clicks += 1;
    }

    /// Clicks the first element of these with the text.
    async fn click_text(&mut self, selector: &str, text: &str) {
        let find = format!(
            "[...document.querySelectorAll({})].find((el) => el.innerText.includes({}))",
            Value::from(selector),
            Value::from(text)
        );
        self.page.until(&find).await;
        self.page.eval(&format!("{find}.click()")).await;
        self.clicks += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn last_nights_failures_of_one_cause_are_retried_in_four_clicks() {
    let desk = Desk::open().await;
    night(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/").await;
    let mut hand = Hand::of(&page);
    hand.click("[aria-label=Failures] header a").await;
    hand.click("[aria-label=Range] button").await;
    page.shows(".cause-card", &["4", MEMORY, "idea2video", "gpu-1"])
        .await;
    hand.click(".cause-card .primary").await;
    page.shows("dialog[open]", &["4 jobs", "queued again"])
        .await;
    hand.click("dialog[open] [type=submit]").await;
    page.until("document.querySelectorAll('.cause-card').length === 1")
        .await;
    assert!(hand.clicks <= 4, "{} clicks", hand.clicks);
    let counts = desk.call("GET", "/jobs/counts", json!({})).await;
    assert_eq!(counts["queued"], 5);
    assert_eq!(counts["failed"], 2);
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_shots_are_named_and_the_rest_is_played_in_two_clicks() {
    let desk = wall::studio().await;
    wall::half_made(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/half").await;
    let mut hand = Hand::of(&page);
    hand.click("[aria-label=\"Shown shots\"] button:last-child")
        .await;
    page.until(
        "[...document.querySelectorAll('.shot b')].map((el) => el.innerText).join() === '6,7,8'",
    )
    .await;
    hand.click(".player-line .button").await;
    page.shows(".now-playing", &["Playing shot 1"]).await;
    assert!(hand.clicks <= 2, "{} clicks", hand.clicks);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_a_job_waits_is_said_without_a_click() {
    let desk = Desk::open().await;
    desk.job("alone", json!({})).await;
    let later = json!({"run_at": "2099-05-01T08:00:00Z"});
    desk.job("later", later).await;
    desk.job("held", json!({"job_type": "script2video"})).await;
    let paused = json!({"paused": true});
    desk.call("PUT", "/queues/script2video", paused).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    for (id, why) in [
        ("alone", "No worker is there to take it."),
        ("later", "Scheduled to run"),
        ("held", "The queue script2video is paused."),
    ] {
        desk.follow(&page, &format!("/jobs/{id}")).await;
        page.shows(".stage-name", &[why]).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_is_saved_under_the_title_of_its_job_in_one_click() {
    let desk = wall::studio().await;
    desk.running("film").await;
    let film = json!({"result": {"video_path": "/media/clip.webm"}});
    desk.call("POST", "/jobs/film/complete", film).await;
    let folder = desk.profile("downloads");
    let browser = desk.browser().await;
    let page = browser.page().await;
    let save = json!({"behavior": "allow", "downloadPath": folder});
    page.call("Page.setDownloadBehavior", save).await;
    desk.follow(&page, "/jobs/film").await;
    let mut hand = Hand::of(&page);
    hand.click_text("a[download]", "Download “Title of film.webm”")
        .await;
    assert_eq!(hand.clicks, 1);
    let saved = folder.join("Title of film.webm");
    let patience = Patience::begin();
    while std::fs::read(&saved).ok().as_deref() != Some(wall::CLIP) {
        patience.pause("the film is saved").await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_found_on_another_device_in_two_clicks() {
    let desk = Desk::open().await;
    for n in 0..60 {
        desk.job(&format!("other-{n}"), json!({})).await;
    }
    let title = json!({"project_title": "Paper boats", "labels": {"who": "ana"}});
    desk.job("mine", title).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.size(360).await;
    for typed in ["label:who=ana ", "paper boats"] {
        desk.follow(&page, "/").await;
        let mut hand = Hand::of(&page);
        hand.click(".bottom a[href=\"/jobs\"]").await;
        page.until("document.querySelector('#search')").await;
        page.fill("#search", typed).await;
        page.until("document.querySelectorAll('[data-id]').length === 1")
            .await;
        hand.click("[data-id] a.title").await;
        page.shows("h1", &["Paper boats"]).await;
        assert!(hand.clicks <= 2, "{} clicks", hand.clicks);
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_of_a_queue_is_raised_in_three_clicks() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let limit = json!({"max_running": 3});
    desk.call("PUT", "/queues/idea2video", limit).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/").await;
    let mut hand = Hand::of(&page);
    hand.click("[aria-label=Workers] header a").await;
    hand.click("[aria-label=Queues] .link.act").await;
    page.fill("dialog[open] [type=number]", "12").await;
    hand.click("dialog[open] [type=submit]").await;
    page.until("document.querySelector('[aria-label=Queues] .link.act').textContent === '12'")
        .await;
    assert!(hand.clicks <= 3, "{} clicks", hand.clicks);
    let queues = desk.call("GET", "/queues", json!({})).await;
    assert_eq!(queues["queues"][0]["max_running"], 12);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_cancel_is_undone_in_one_click() {
    let desk = Desk::open().await;
    for id in ["one", "two", "three"] {
        desk.job(id, json!({})).await;
    }
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs").await;
    page.until("document.querySelectorAll('[data-id]').length === 3")
        .await;
    page.click("thead input").await;
    page.click(".tray .act:nth-of-type(2)").await;
    page.click("dialog[open] [type=submit]").await;
    page.until("document.querySelectorAll('tr .status.i-cancelled').length === 3")
        .await;
    let mut hand = Hand::of(&page);
    hand.click(".toast .act").await;
    page.until("document.querySelectorAll('tr .status.i-queued').length === 3")
        .await;
    assert_eq!(hand.clicks, 1);
    let counts = desk.call("GET", "/jobs/counts", json!({})).await;
    assert_eq!(counts["queued"], 3);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_of_a_failure_is_found_in_its_log_in_two_clicks() {
    let desk = Desk::open().await;
    desk.job("film", json!({})).await;
    let token = desk.claim("gpu-7").await;
    let line = |n| format!("{} frame {n}", if n == 31 { "ERROR" } else { "INFO" });
    let lines: Vec<_> = (0..60).map(line).collect();
    let beat = json!({"lease_token": token, "log": lines});
    desk.call("POST", "/jobs/film/heartbeat", beat).await;
    let failed = json!({"lease_token": token, "error": "the lens broke", "retryable": false});
    desk.call("POST", "/jobs/film/fail", failed).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    let mut hand = Hand::of(&page);
    hand.click("[aria-label=History] header a").await;
    page.shows(".log-tools", &["60 lines"]).await;
    hand.click("[aria-label=Level] button:last-child").await;
    page.shows(".log-tools", &["1 of 60 lines"]).await;
    page.shows(".log", &["ERROR frame 31"]).await;
    assert!(hand.clicks <= 2, "{} clicks", hand.clicks);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_run_again_with_changes_in_three_clicks() {
    let desk = Desk::open().await;
    desk.running("film").await;
    desk.complete_bare("film").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    let mut hand = Hand::of(&page);
    hand.click(".job-actions [aria-haspopup=menu]").await;
    hand.click_text("[role=menuitem]", "Run again with changes")
        .await;
    page.until(
        "document.querySelector('[name=content]').value === 'A fox rides the night train home'",
    )
    .await;
    page.fill("[name=project_title]", "A second cut").await;
    hand.click("form [type=submit]").await;
    page.shows("h1", &["A second cut"]).await;
    assert!(hand.clicks <= 3, "{} clicks", hand.clicks);
    browser.close().await;
}

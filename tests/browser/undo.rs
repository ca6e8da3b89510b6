//! Undo of a message: what was pressed is taken back as it was, or the message says what was not.

use super::desk::Desk;
use crate::support::Page;
use serde_json::{Value, json};

const LATER: &str = "2099-05-01T08:00:00Z";

async fn read(desk: &Desk, id: &str) -> Value {
    desk.call("GET", &format!("/jobs/{id}"), json!({})).await
}

/// What an undo has to bring back.
fn state(job: &Value) -> Vec<Value> {
    [
        "status",
        "run_at",
        "error",
        "priority",
        "attempt",
        "max_attempts",
        "progress",
        "completed_at",
    ]
    .iter()
    .map(|field| job[*field].clone())
    .collect()
}

/// Waits for a message with all the texts.
async fn says(page: &Page, texts: &[&str]) {
    let has = |text: &&str| format!("el.innerText.includes({})", Value::from(*text));
    let all: Vec<String> = texts.iter().map(has).collect();
    let find = format!(
        "[...document.querySelectorAll('.toast')].some((el) => {})",
        all.join(" && ")
    );
    page.until(&find).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undone_cancel_keeps_the_time_of_a_scheduled_job() {
    let desk = Desk::open().await;
    let before = desk
        .job("film", json!({"run_at": LATER, "priority": 5}))
        .await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    page.until("document.querySelector('.status').textContent === 'Scheduled'")
        .await;
    page.click(".job-actions .act").await;
    page.until("document.querySelector('.status').textContent === 'Cancelled'")
        .await;
    page.click(".toast .act").await;
    says(&page, &["Undone", "Title of film", "scheduled again"]).await;
    page.until("document.querySelector('.status').textContent === 'Scheduled'")
        .await;
    assert_eq!(state(&read(&desk, "film").await), state(&before));
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undone_retry_leaves_the_job_failed_with_its_error() {
    let desk = Desk::open().await;
    desk.running("film").await;
    desk.progress("film", 40.0, "Drawing").await;
    desk.fail("film", "the lens broke").await;
    let before = read(&desk, "film").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    page.click(".job-actions .primary").await;
    page.until("document.querySelector('.status').textContent === 'Queued'")
        .await;
    page.click(".toast .act").await;
    says(&page, &["Undone", "failed again"]).await;
    page.until("document.querySelector('.error-card').innerText.includes('the lens broke')")
        .await;
    assert_eq!(state(&read(&desk, "film").await), state(&before));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_comes_too_late_says_so_and_changes_nothing() {
    let desk = Desk::open().await;
    desk.job("film", json!({})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    page.click(".job-actions .act").await;
    page.until("document.querySelector('.toast .act')").await;
    desk.call("POST", "/jobs/film/retry", json!({})).await;
    desk.start("film").await;
    let before = read(&desk, "film").await;
    page.click(".toast .act").await;
    says(&page, &["Not undone", "changed since"]).await;
    assert_eq!(read(&desk, "film").await["version"], before["version"]);
    page.until("document.querySelector('.status').textContent === 'Processing'")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undone_action_puts_back_what_nothing_has_changed_since() {
    let desk = Desk::open().await;
    let mut before = Vec::new();
    for id in ["one", "two", "three"] {
        let job = desk.job(id, json!({"run_at": LATER, "priority": 3})).await;
        before.push(state(&job));
    }
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs").await;
    page.until("document.querySelectorAll('[data-id]').length === 3")
        .await;
    page.click("thead input").await;
    page.click(".tray .act:nth-of-type(2)").await;
    page.click("dialog[open] [type=submit]").await;
    says(&page, &["3 jobs cancelled"]).await;
    page.until("document.querySelectorAll('tr .status.i-cancelled').length === 3")
        .await;
    desk.call("POST", "/jobs/two/retry", json!({})).await;
    page.click(".toast .act").await;
    says(
        &page,
        &[
            "Undone: 2 of 3 jobs",
            "1 stays as it is",
            "has changed since",
        ],
    )
    .await;
    page.until(
        "[...document.querySelectorAll('tr .status')].filter((el) => el.textContent === \
        'Scheduled').length === 2",
    )
    .await;
    for (id, before) in [("one", &before[0]), ("three", &before[2])] {
        assert_eq!(&state(&read(&desk, id).await), before);
    }
    // The page of the undo names the one that stayed, and the action that it undoes.
    page.click(".toast.bad a").await;
    page.until("location.pathname.startsWith('/actions/') && document.querySelector('tbody')")
        .await;
    page.shows("main", &["Undoes", "two", "has changed since"])
        .await;
    page.open(&desk.at("/actions")).await;
    page.shows("tbody", &["Undo", "Cancel"]).await;
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

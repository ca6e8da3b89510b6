//! A job outlives the page that started it: reload, close, another tab, another server.

use super::desk::Desk;
use serde_json::json;

/// Fills the form and sends it; answers with the id of the job.
async fn start_in_the_page(desk: &Desk, page: &crate::support::Page) -> String {
    page.open(&desk.at("/new")).await;
    page.fill("[name=content]", "A fox learns to ride the night train home").await;
    page.fill("[name=project_title]", "Night train").await;
    page.click("form .primary").await;
    page.until("location.pathname.startsWith('/jobs/') && document.querySelector('.status')").await;
    let path = page.eval("location.pathname").await;
    path.as_str().unwrap().trim_start_matches("/jobs/").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_started_and_reloaded_at_once_goes_on() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    let id = start_in_the_page(&desk, &page).await;
    page.reload().await;
    page.until("document.querySelector('.status').textContent === 'Queued'").await;
    desk.start(&id).await;
    desk.progress(&id, 40.0, "Drawing frames").await;
    page.until("document.querySelector('.huge').textContent.startsWith('40') && document.body.innerText.includes('Drawing frames')").await;
    assert!(page.eval("document.title").await.as_str().unwrap().starts_with("40"));
    // The first page knows it too, because the server does.
    page.open(&desk.at("/")).await;
    page.until("document.querySelector('.mine').innerText.includes('Night train') && document.querySelector('.card')")
        .await;
    desk.complete(&id).await;
    page.until("document.querySelector('.mine').hidden && !document.querySelector('.card')").await;
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
    page.until("document.querySelector('.mine-row').innerText.includes('25') && document.querySelector('.mine-row').innerText.includes('Writing storyboard')").await;
    page.click(".mine-row").await;
    page.until(&format!("location.pathname === '/jobs/{id}' && document.querySelector('.huge')")).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_agree() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let browser = desk.browser().await;
    let (list, other) = (browser.page().await, Box::pin(crate::support::Chromium::start(&desk.profile("other"))).await);
    let job = other.page().await;
    list.open(&desk.at("/jobs")).await;
    job.open(&desk.at("/jobs/one")).await;
    list.until("document.querySelector('[data-id=one]')").await;
    job.until("document.querySelector('.chip').dataset.state === 'live'").await;
    list.until("document.querySelector('.chip').dataset.state === 'live'").await;
    desk.start("one").await;
    for percent in [10, 35, 60] {
        desk.progress("one", percent.into(), "Rendering").await;
        list.until(&format!("document.querySelector('[data-id=one] .value').textContent.startsWith('{percent}')"))
            .await;
        job.until(&format!("document.querySelector('.huge').textContent.startsWith('{percent}')")).await;
    }
    // What is done in one is seen in the other.
    desk.fail("one", "the model refused").await;
    list.until("document.querySelector('[data-id=one] .status').textContent === 'Failed'").await;
    job.until("document.querySelector('.error-card').innerText.includes('the model refused')").await;
    job.click(".job-actions .primary").await;
    list.until("document.querySelector('[data-id=one] .status').textContent === 'Queued'").await;
    job.until("document.querySelector('.status').textContent === 'Queued' && document.querySelector('.toast').innerText.includes('Undo')").await;
    browser.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_finds_a_restarted_server_by_itself() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    desk.start("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs/one")).await;
    page.until("document.querySelector('.chip').dataset.state === 'live'").await;
    let stopped = desk.kill().await;
    page.until(
        "!document.getElementById('banner').hidden && document.body.innerText.includes('Connection lost: as of')",
    )
    .await;
    page.click(".job-actions .act").await;
    page.until("document.querySelector('.toast').innerText.includes('nothing was done')").await;
    let desk = stopped.again().await;
    desk.progress("one", 70.0, "Mixing sound").await;
    page.until(
        "document.getElementById('banner').hidden && document.querySelector('.huge').textContent.startsWith('70')",
    )
    .await;
    page.until("document.querySelector('.chip').dataset.state === 'live'").await;
    browser.close().await;
}

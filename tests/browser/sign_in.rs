//! Where a key is needed: the page to sign in, who one is, and what the role may not do.

use super::desk::Desk;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_asks_for_a_key_shows_who_signed_in_and_hides_what_the_role_may_not_do() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let reader = desk
        .call("POST", "/keys", json!({"name": "Ada", "role": "reader"}))
        .await;
    let key = reader["key"].as_str().unwrap();
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs")).await;
    page.until("location.pathname === '/sign-in' && document.querySelector('[name=key]')")
        .await;
    page.fill("[name=key]", "wrong").await;
    page.click("form .primary").await;
    page.shows("[role=alert].bad", &["mistyped"]).await;
    page.fill("[name=key]", key).await;
    page.click("form .primary").await;
    page.until("location.pathname === '/jobs' && document.body.innerText.includes('Title of one')")
        .await;
    page.shows("#account", &["Ada", "reader"]).await;
    page.until("getComputedStyle(document.querySelector('.top .new')).display === 'none'")
        .await;
    page.until("document.querySelector('#connection').dataset.state === 'live'")
        .await;
    page.click("#account button").await;
    page.click(".menu [role=menuitem]").await;
    page.until("location.pathname === '/sign-in'").await;
    page.open(&desk.at("/jobs")).await;
    page.until("location.pathname === '/sign-in'").await;
    browser.close().await;
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creator_sees_the_buttons_of_its_own_jobs_alone() {
    let desk = Desk::open().await;
    desk.job("theirs", json!({})).await;
    let ada = desk
        .call("POST", "/keys", json!({"name": "Ada", "role": "creator"}))
        .await;
    let key = ada["key"].as_str().unwrap();
    let own = json!({"job_type": "idea2video", "job_id": "own", "project_title": "Title of own"});
    let made = desk.server.client.post(desk.at("/api/v1/jobs")).json(&own);
    assert_eq!(made.bearer_auth(key).send().await.unwrap().status(), 201);
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs/own")).await;
    page.until("document.querySelector('[name=key]')").await;
    page.fill("[name=key]", key).await;
    page.click("form .primary").await;
    page.until(
        "location.pathname === '/jobs/own' && document.body.innerText.includes('Title of own')",
    )
    .await;
    page.shows(".job-actions", &["Cancel"]).await;
    page.shows(
        "main",
        &["Created by", ada["key_id"].as_str().unwrap(), "by Ada"],
    )
    .await;
    page.open(&desk.at("/jobs/theirs")).await;
    page.until("document.querySelector('#account')?.innerText.includes('Ada')")
        .await;
    page.until(
        "document.body.innerText.includes('Title of theirs') && \
         !document.querySelector('.job-actions').innerText.includes('Cancel')",
    )
    .await;
    browser.close().await;
}

/// Makes a key of each role; the first one, of an admin, closes the server.
async fn key_of_each_role(desk: &Desk) -> Vec<(&'static str, String)> {
    let admin = desk
        .call("POST", "/keys", json!({"name": "admin", "role": "admin"}))
        .await["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut keys = vec![("admin", admin.clone())];
    for role in ["operator", "worker", "creator", "reader"] {
        let made = desk.server.client.post(desk.at("/api/v1/keys"));
        let made = made.bearer_auth(&admin);
        let made = made.json(&json!({"name": role, "role": role})).send().await;
        let made: serde_json::Value = made.unwrap().json().await.unwrap();
        keys.push((role, made["key"].as_str().unwrap().to_owned()));
    }
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_sees_the_controls_of_what_it_may_do() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let keys = key_of_each_role(&desk).await;
    let browser = desk.browser().await;
    for (role, key) in keys {
        let page = browser.page().await;
        page.open(&desk.at("/sign-in?next=/jobs/one")).await;
        page.until("document.querySelector('[name=key]')").await;
        page.fill("[name=key]", &key).await;
        page.click("form .primary").await;
        page.until("location.pathname === '/jobs/one' && document.querySelector('main .act')")
            .await;
        page.shows("#account", &[role]).await;
        let shown = |selector: &str| {
            format!("getComputedStyle(document.querySelector('{selector}')).display !== 'none'")
        };
        let (creates, changes) = match role {
            "admin" | "operator" => (true, true),
            "creator" => (true, false),
            _ => (false, false),
        };
        let is = |wanted: bool, shown: String| format!("({shown}) === {wanted}");
        page.until(&is(creates, shown(".top .new"))).await;
        let cancels = "[...document.querySelectorAll('main .act')].some((el) => el.offsetParent && \
            el.innerText.trim() === 'Cancel')";
        page.until(&is(changes, cancels.to_owned())).await;
        page.click("#account button").await;
        page.click(".menu [role=menuitem]").await;
        page.until("location.pathname === '/sign-in'").await;
    }
    browser.close().await;
}

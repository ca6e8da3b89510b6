//! The page of webhooks: made, its secret shown once, paused, resumed and deleted.

use super::desk::Desk;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_made_tested_paused_and_deleted() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/webhooks").await;
    page.until("document.body.innerText.includes('No webhooks')")
        .await;
    page.click(".empty .act").await;
    page.fill("dialog input[type=url]", "https://10.0.0.1/hook")
        .await;
    page.click("dialog [type=submit]").await;
    page.shows("dialog [role=alert]", &["is not a public address"])
        .await;
    page.fill(
        "dialog input[type=url]",
        "https://hooks.studio.example/hook",
    )
    .await;
    page.click("dialog [type=submit]").await;
    page.shows("dialog code", &["whsec_"]).await;
    page.click("dialog .dialog-body .primary").await;
    page.shows(
        "tbody",
        &["hooks.studio.example", "job.completed", "Active"],
    )
    .await;
    let made = desk.call("GET", "/webhooks", json!({})).await;
    let id = made["webhooks"][0]["webhook_id"].as_str().unwrap();
    // Its name leads to no address.
    page.click("tbody td:last-child button:nth-child(2)").await;
    page.until("document.querySelector('.toast.bad')").await;
    page.click("tbody td:last-child button:nth-child(1)").await;
    page.shows("dialog tbody", &["webhook.test", "Failed"])
        .await;
    page.click("dialog header button").await;
    page.click("tbody td:last-child button:nth-child(3)").await;
    page.click(".menu button:nth-child(1)").await;
    page.shows("tbody", &["Paused"]).await;
    let path = format!("/webhooks/{id}");
    assert_eq!(desk.call("GET", &path, json!({})).await["state"], "paused");
    page.click("tbody td:last-child button:nth-child(3)").await;
    page.click(".menu button:nth-child(4)").await;
    page.click("dialog .danger").await;
    page.until("document.body.innerText.includes('No webhooks')")
        .await;
    browser.close().await;
}

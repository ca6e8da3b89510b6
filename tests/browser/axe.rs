//! Accessibility of every page, as axe-core sees it: no finding that is serious or critical.

use super::{desk::Desk, pictures};
use crate::support::{Page, setting};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The script that `scripts/test` installs from npm.
fn axe() -> String {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/web-tools/node_modules/axe-core/axe.min.js");
    let file = setting::<PathBuf>("CALLSHEET_TEST_AXE").unwrap_or(installed);
    let script = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; scripts/test installs axe-core, or name its axe.min.js in \
            CALLSHEET_TEST_AXE",
            file.display()
        )
    });
    // Without a value that the browser would send.
    format!("{script};null")
}

async fn audit(page: &Page, axe: &str, name: &str) {
    page.eval(axe).await;
    for scheme in ["light", "dark"] {
        page.scheme(scheme).await;
        let found = page.run(include_str!("scripts/axe.js"), json!([])).await;
        assert_eq!(found, json!([]), "{name}, {scheme}");
    }
}

async fn walk(desk: &Desk, jobs: &[&str]) {
    let axe = axe();
    let browser = desk.browser().await;
    let page = browser.page().await;
    // axe-core sets markup, which the policy of the page forbids.
    page.call("Page.setBypassCSP", json!({"enabled": true}))
        .await;
    let mut paths = pictures::pages(desk, jobs).await;
    paths.push(("sign-in".to_owned(), "/sign-in".to_owned()));
    for (name, path) in paths {
        for width in [360, 1280] {
            page.size(width).await;
            page.open(&desk.at(&path)).await;
            pictures::settle(&page).await;
            audit(&page, &axe, &format!("{name} at {width}")).await;
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_can_use_the_pages_of_a_busy_server() {
    let desk = Desk::open().await;
    pictures::fill(&desk).await;
    walk(&desk, &["running", "failed", "done", "again", "later"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_can_use_the_pages_of_an_empty_server() {
    let desk = Desk::open().await;
    walk(&desk, &["none"]).await;
}

/// What is dimmed stays readable: a page without a connection, a row that left its filter, a job
/// that was deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_can_read_what_is_dimmed() {
    let desk = Desk::open().await;
    pictures::fill(&desk).await;
    let axe = axe();
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.call("Page.setBypassCSP", json!({"enabled": true}))
        .await;
    desk.follow(&page, "/jobs?status=queued").await;
    page.until("document.querySelector('[data-id=next]')").await;
    desk.call("POST", "/jobs/next/cancel", json!({})).await;
    page.until("document.querySelector('tr.out')").await;
    audit(&page, &axe, "a row that left").await;
    desk.follow(&page, "/jobs/next-2").await;
    pictures::settle(&page).await;
    desk.call("DELETE", "/jobs/next-2", json!({})).await;
    page.until("document.querySelector('.job-columns.dim')")
        .await;
    audit(&page, &axe, "a job that was deleted").await;
    for path in ["/", "/jobs", "/jobs/running", "/jobs/failed", "/workers"] {
        desk.follow(&page, path).await;
        pictures::settle(&page).await;
        page.offline(true).await;
        page.until("document.body.hasAttribute('data-lost')").await;
        audit(&page, &axe, &format!("{path} without a connection")).await;
        page.offline(false).await;
    }
    browser.close().await;
}

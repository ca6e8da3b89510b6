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

//! Stylesheets come with the modules that need them, and no page needs those of another.

use super::{budget::gather, desk::Desk, pictures};
use callsheet::dashboard::{FILES, is_shared};
use serde_json::json;
use std::collections::BTreeSet;

/// Names between single quotes behind each `call(`, up to the closing parenthesis.
fn named(text: &str, call: &str) -> Vec<String> {
    let calls = text.split(call).skip(1);
    let inner = calls.map(|rest| rest.split_once(')').unwrap().0);
    inner
        .flat_map(|inner| inner.split('\'').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// Stylesheets of a page: of its line in the table of pages, and of its modules. The overview also
/// shows what it loads later.
fn asked(page: &str, modules: &BTreeSet<String>) -> Vec<String> {
    let text = |name: &str| FILES.iter().find(|(file, _)| *file == name).unwrap().1;
    let line = named(text("app/pages.js"), &format!("page('{page}'"));
    let parts = modules
        .iter()
        .flat_map(|name| named(text(name), "needStyles("));
    line.into_iter()
        .chain(parts)
        .map(|name| format!("/styles/{name}.css"))
        .collect()
}

#[test]
fn the_stylesheets_are_listed_in_one_order() {
    let text = FILES
        .iter()
        .find(|(file, _)| *file == "app/styles.js")
        .unwrap()
        .1;
    let order = text
        .split_once("ORDER = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    let listed = order
        .split('\'')
        .skip(1)
        .step_by(2)
        .map(|name| format!("styles/{name}.css"));
    let loaded = FILES.iter().map(|(name, _)| *name);
    let loaded = loaded.filter(|name| name.ends_with(".css") && !is_shared(name));
    assert_eq!(listed.collect::<Vec<_>>(), loaded.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_looks_otherwise_when_the_stylesheets_of_others_arrive() {
    let desk = Desk::open().await;
    pictures::fill(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    for (path, name) in [
        ("/", "overview"),
        ("/jobs", "jobs"),
        ("/jobs/running?shot=6", "job"),
        ("/jobs/failed", "job"),
        ("/jobs/running/log", "log"),
        ("/compare?a=failed&b=running", "compare"),
        ("/causes", "causes"),
        ("/new", "new"),
        ("/series", "series"),
        ("/workers", "workers"),
        ("/schedules", "schedules"),
        ("/webhooks", "webhooks"),
        ("/storage", "storage"),
        ("/imports", "imports"),
        ("/actions", "actions"),
        ("/sign-in", "sign-in"),
    ] {
        let mut modules = BTreeSet::new();
        gather("app/main.js", &mut modules);
        gather(&format!("pages/{name}.js"), &mut modules);
        if name == "overview" {
            for part in ["charts", "overview/failures", "overview/films"] {
                gather(&format!("parts/{part}.js"), &mut modules);
            }
        }
        let asked = asked(name, &modules);
        for width in [360, 1280] {
            page.size(width).await;
            page.open(&desk.at(path)).await;
            pictures::settle(&page).await;
            page.until("document.documentElement.dataset.pages === 'loaded'")
                .await;
            let script = include_str!("scripts/foreign-styles.js");
            let seen = page.run(script, json!([asked])).await;
            assert_eq!(seen["differ"], json!([]), "{path} at {width}");
            assert!(seen["foreign"].as_u64() > Some(0), "{path}: {seen}");
        }
    }
    browser.close().await;
}

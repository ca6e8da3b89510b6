//! The stream: cut, refused, opened by many tabs, and what stays as it is while rows change.

use super::desk::{Desk, at_percent};
use serde_json::json;

const SET_HIDDEN: &str = include_str!("scripts/set-hidden.js");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_503_and_a_time_offline_do_not_end_the_stream() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.refuse("/events/stream", Some(1)).await;
    desk.follow(&page, "/jobs/one").await;
    desk.progress("one", 10.0, "Drawing").await;
    page.until(&at_percent(10)).await;
    page.offline(true).await;
    page.until("!document.getElementById('banner').hidden")
        .await;
    desk.progress("one", 55.0, "Drawing").await;
    page.offline(false).await;
    page.until(&format!(
        "document.getElementById('banner').hidden && {}",
        at_percent(55)
    ))
    .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_streams_a_page_asks_instead() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.refuse("/events/stream", None).await;
    page.open(&desk.at("/jobs/one")).await;
    page.until("document.querySelector('.chip').dataset.state === 'polling'")
        .await;
    desk.start("one").await;
    page.until("document.querySelector('.status').textContent === 'Processing'")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_tabs_are_open_at_once() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let mut pages = Vec::new();
    for _ in 0..8 {
        let page = browser.page().await;
        page.open(&desk.at("/jobs/one")).await;
        page.until("document.querySelector('.huge')").await;
        pages.push(page);
    }
    desk.progress("one", 33.0, "Drawing").await;
    for page in &pages {
        page.front().await;
        page.until(&at_percent(33)).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn selection_focus_and_memory_survive_a_thousand_updates() {
    let desk = Desk::open().await;
    for id in ["one", "two", "three"] {
        desk.running(id).await;
    }
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs").await;
    page.until("document.querySelectorAll('[data-id]').length === 3")
        .await;
    page.click("[data-id=two] input").await;
    page.run(include_str!("scripts/focus-row.js"), json!(["two"]))
        .await;
    for step in 1..=334_u32 {
        for id in ["one", "two", "three"] {
            desk.progress(id, f64::from(step) / 4.0, &format!("Step {step}"))
                .await;
        }
    }
    page.until(
        "[...document.querySelectorAll('.stage')].every((el) => el.textContent === 'Step 334')",
    )
    .await;
    assert_eq!(
        page.run(include_str!("scripts/row-kept.js"), json!([]))
            .await,
        true
    );
    let heap = page.heap().await;
    assert!(heap < 20_000_000, "{heap} bytes of heap");
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_page_still_tells_in_its_title() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/one").await;
    // Time is the browser's own here; the page is hidden, and its stream closed.
    page.run(SET_HIDDEN, json!([true])).await;
    desk.progress("one", 80.0, "Mixing").await;
    page.run(SET_HIDDEN, json!([false])).await;
    page.until(&format!(
        "document.title.startsWith('80') && {}",
        at_percent(80)
    ))
    .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_away_for_long_asks_how_things_are_instead_of_what_happened() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    let streams = || {
        let asked = page.heard().requests;
        asked
            .into_iter()
            .filter(|url| url.contains("/events/stream"))
            .collect::<Vec<_>>()
    };
    desk.follow(&page, "/jobs").await;
    page.until("document.querySelector('[data-id=one]')").await;
    for (later, percent, catches_up) in [(0, 20, true), (120_000, 70, false)] {
        page.run(SET_HIDDEN, json!([true])).await;
        desk.progress("one", percent.into(), "Mixing").await;
        let before = streams().len();
        page.run(SET_HIDDEN, json!([false, later])).await;
        page.until(&format!(
            "document.querySelector('[data-id=one] .value').textContent.startsWith('{percent}')"
        ))
        .await;
        assert_eq!(
            streams()[before].contains("after="),
            catches_up,
            "{later} ms later: {:?}",
            &streams()[before..]
        );
    }
    browser.close().await;
}

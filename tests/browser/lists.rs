//! The list: ten thousand jobs, filters in the URL, keys, and new rows that wait to be let in.

use super::desk::Desk;
use crate::support::Patience;
use serde_json::{Map, Value, json};

/// Brings jobs in as a dump, which takes seconds for ten thousand.
async fn import(desk: &Desk, count: usize, statuses: &[&str]) {
    let job = |i: usize| {
        let status = statuses[i % statuses.len()];
        (
            format!("old-{i:05}"),
            json!({"job_id": format!("old-{i:05}"), "status": status, "type": "idea2video", "progress": 50, "created_at": format!("2025-01-{:02}T{:02}:{:02}:00", 1 + i / 1440, i / 60 % 24, i % 60), "updated_at": "2025-02-01T00:00:00", "request": {"idea": "x", "project_title": format!("Film {i}")}}),
        )
    };
    let dump: Map<String, Value> = (0..count).map(job).collect();
    let started = desk
        .call("POST", "/imports?from=vedo-jobs", Value::Object(dump))
        .await;
    let path = format!("/imports/{}", started["import_id"].as_str().unwrap());
    let patience = Patience::begin();
    loop {
        let run = desk.call("GET", &path, json!({})).await;
        if run["status"] != "running" {
            assert_eq!(
                (&run["status"], &run["imported"]),
                (&json!("finished"), &json!(count)),
                "{run}"
            );
            return;
        }
        patience.pause("the import ends").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_jobs_are_paged_through() {
    let desk = Desk::open().await;
    import(
        &desk,
        10_000,
        &["completed", "failed", "cancelled", "queued"],
    )
    .await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs?limit=200")).await;
    page.until("document.querySelectorAll('tbody tr').length === 200")
        .await;
    assert!(page.text().await.contains("10,000"), "the count is exact");
    let mut seen = std::collections::HashSet::new();
    for _ in 0..4 {
        let ids = page
            .eval("[...document.querySelectorAll('[data-id]')].map((row) => row.dataset.id)")
            .await;
        let ids: Vec<String> = serde_json::from_value(ids).unwrap();
        assert_eq!(ids.len(), 200);
        let first = ids[0].clone();
        for id in ids {
            assert!(seen.insert(id), "no job is on two pages");
        }
        page.press("]").await;
        page.wait(include_str!("scripts/turned.js"), json!([200, first]))
            .await;
    }
    // Back to where it came from, with the browser's own way back.
    page.eval("history.back(); null").await;
    page.until("new URLSearchParams(location.search).get('cursor')")
        .await;
    // Rows are scrolled through without one long halt: no frame takes longer than a quarter of a
    // second.
    let longest = page
        .run(include_str!("scripts/longest-frame.js"), json!([]))
        .await;
    println!("longest frame while scrolling 200 rows: {longest} ms");
    page.click(".tabs a[href*=failed]").await;
    page.shows("body", &["2,500 jobs match"]).await;
    page.wait(
        include_str!("scripts/all-have-status.js"),
        json!(["Failed"]),
    )
    .await;
    page.click("thead input").await;
    page.until("document.querySelector('.tray').innerText.includes('200 selected')")
        .await;
    page.click(".tray .link").await;
    page.until("document.querySelector('.tray').innerText.includes('All 2,500 that match')")
        .await;
    let nodes = page
        .eval("document.querySelectorAll('*').length")
        .await
        .as_u64()
        .unwrap();
    assert!(nodes < 14_000, "{nodes} elements for 200 rows");
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_live_in_the_url_and_bad_ones_are_named() {
    let desk = Desk::open().await;
    desk.job("red", json!({"labels": {"team": "red"}})).await;
    desk.job(
        "blue",
        json!({"labels": {"team": "blue"}, "job_type": "upscale"}),
    )
    .await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs")).await;
    page.until("document.querySelectorAll('[data-id]').length === 2")
        .await;
    page.press("/").await;
    page.until("document.activeElement.id === 'search'").await;
    page.fill("#search", "label:team=red colour:blue status:odd")
        .await;
    page.press("Enter").await;
    page.until(
        "location.search === '?label=team%3Dred' && \
        document.querySelectorAll('[data-id]').length === 1",
    )
    .await;
    let said = page
        .eval("document.getElementById('bad-tokens').innerText")
        .await;
    let said = said.as_str().unwrap();
    assert!(
        said.contains("colour:blue") && said.contains("status:odd"),
        "{said}"
    );
    page.reload().await;
    page.until("document.querySelectorAll('[data-id]').length === 1")
        .await;
    page.shows(".filter", &["label:team=red"]).await;
    page.open(&desk.at("/jobs?q=nothing+like+it")).await;
    page.until("document.body.innerText.includes('No job matches')")
        .await;
    page.click(".empty .button").await;
    page.until("document.querySelectorAll('[data-id]').length === 2 && location.search === ''")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_job_is_retried_with_keys_alone() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    desk.start("one").await;
    desk.fail("one", "out of memory\nat line 2").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs?status=failed")).await;
    page.until("document.querySelector('[data-id=one]')").await;
    page.press("j").await;
    page.until("document.activeElement.matches('[data-id=one] .title')")
        .await;
    page.press("x").await;
    page.until("document.querySelector('[data-id=one] input').checked")
        .await;
    page.press("r").await;
    // The row stays where it was, dimmed, though it has left the filter.
    page.until("document.querySelector('[data-id=one].out .status').textContent === 'Queued'")
        .await;
    page.press("g").await;
    page.press("o").await;
    page.until("location.pathname === '/'").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_rows_wait_until_they_are_let_in() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs").await;
    page.until("document.querySelector('[data-id=one]')").await;
    for id in ["two", "three"] {
        desk.job(id, json!({})).await;
    }
    page.until("document.querySelector('.pill:not([hidden])').textContent === '▲ 2 new'")
        .await;
    assert_eq!(
        page.eval("document.querySelectorAll('[data-id]').length")
            .await,
        1
    );
    page.click(".pill").await;
    page.until(
        "document.querySelectorAll('[data-id]').length === 3 && \
        document.querySelector('.pill').hidden",
    )
    .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_told_in_the_readers_zone() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.call(
        "Emulation.setTimezoneOverride",
        json!({"timezoneId": "Asia/Kathmandu"}),
    )
    .await;
    page.open(&desk.at("/jobs/one")).await;
    let told = page
        .until("document.querySelector('.facts-list time').title")
        .await;
    let told = told.as_str().unwrap();
    assert!(told.contains("GMT+5:45") && told.ends_with('Z'), "{told}");
    let day = json!(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 180]);
    let ticks = page.run(include_str!("scripts/time-ticks.js"), day).await;
    assert_eq!(
        ticks,
        json!(["6:0", "9:0", "12:0", "15:0", "18:0", "21:0", "0:0", "3:0"])
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_match_are_acted_on_after_a_preview() {
    let desk = Desk::open().await;
    import(&desk, 60, &["failed"]).await;
    desk.job("other", json!({})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/jobs?status=failed")).await;
    page.until("document.querySelectorAll('tbody tr').length === 50")
        .await;
    page.click("thead input").await;
    page.click(".tray .link").await;
    page.until("document.querySelector('.tray').innerText.includes('All 60 that match')")
        .await;
    page.click(".tray .act").await;
    page.shows("dialog[open] .lead", &["60 jobs will be queued again"])
        .await;
    page.shows("dialog[open] .tally", &["60"]).await;
    page.click("dialog[open] [type=submit]").await;
    page.until("document.querySelector('.toast').innerText.includes('60 jobs queued again')")
        .await;
    page.until(
        "document.querySelector('.tabs').innerText.replace(/\\s+/g, ' ').includes('Queued 61')",
    )
    .await;
    // Deleting by filter wants the number typed.
    page.open(&desk.at("/jobs?label=none%3Dsuch")).await;
    page.open(&desk.at("/jobs?status=queued&limit=50")).await;
    page.until("document.querySelectorAll('tbody tr').length === 50")
        .await;
    page.click("thead input").await;
    page.click(".tray .link").await;
    page.click(".tray .danger-quiet").await;
    page.until("document.querySelector('dialog[open] [type=submit]').disabled")
        .await;
    page.fill("dialog[open] input", "61").await;
    page.until("!document.querySelector('dialog[open] [type=submit]').disabled")
        .await;
    page.click("dialog[open] [type=submit]").await;
    page.until("document.querySelector('.toast').innerText.includes('61 jobs deleted')")
        .await;
    page.open(&desk.at("/actions")).await;
    page.until("document.querySelectorAll('tbody tr').length === 2")
        .await;
    assert_eq!(
        desk.call("GET", "/jobs/counts", json!({})).await["total"],
        0
    );
    browser.close().await;
}

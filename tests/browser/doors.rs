//! Numbers that lead to what they count, logs, and the box that finds anything.

use super::{desk::Desk, pictures};
use crate::support::Page;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const MEMORY: &str = "CUDA out of memory: tried to allocate";

/// Six failed jobs of two causes, and one that waits.
pub async fn night(desk: &Desk) {
    for n in 0..6 {
        let id = format!("film-{n}");
        desk.running(&id).await;
        let error = if n % 3 == 0 {
            format!("Shot {n} was refused\n  File \"shots.py\"")
        } else {
            format!("{MEMORY} {n}.44 GiB\n  File \"pipeline.py\", line 214")
        };
        desk.fail(&id, &error).await;
    }
    desk.job("waits", json!({})).await;
}

/// Number of jobs that the list says to have, or of entries of another list.
async fn listed(page: &Page) -> u64 {
    pictures::settle(page).await;
    let path = page.eval("location.pathname").await;
    if path != "/jobs" {
        let rows = "document.querySelectorAll('main tbody tr, main .cause-card').length";
        return page.eval(rows).await.as_u64().unwrap();
    }
    page.until("document.querySelector('main .pages-row .small, .list-frame .empty')")
        .await;
    let number = "Number((document.querySelector('main .pages-row .small')?.innerText ?? \
        '0').replaceAll(',', '').match(/\\d+/)[0])";
    page.eval(number).await.as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_carries_a_number_opens_a_list_with_that_number() {
    let desk = Desk::open().await;
    pictures::fill(&desk).await;
    night(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    let links = include_str!("scripts/numbered-links.js");
    let jobs = ["running", "failed", "done", "again", "later", "waits"];
    let named = pictures::pages(&desk, &jobs).await;
    let mut paths: Vec<String> = named.into_iter().map(|(_, path)| path).collect();
    let filtered = [
        "/?range=hour",
        "/causes?range=day",
        "/causes?range=week",
        "/jobs?label=team%3Dred",
        "/jobs?q=harbour",
        "/jobs?job_type=upscale",
    ];
    paths.extend(filtered.map(str::to_owned));
    let (mut opened, mut wrong) = (BTreeSet::new(), Vec::new());
    for path in paths {
        page.open(&desk.at(&path)).await;
        pictures::settle(&page).await;
        let found = page.run(links, json!([])).await;
        for link in found.as_array().unwrap() {
            let (href, number) = (link["href"].as_str().unwrap(), &link["number"]);
            if !opened.insert((href.to_owned(), number.to_string())) {
                continue;
            }
            page.open(&desk.at(href)).await;
            let listed = listed(&page).await;
            if &json!(listed) != number {
                wrong.push(format!("{path}: {number} leads to {listed} at {href}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(opened.len() > 20, "{opened:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_lines_of_a_log_are_there_to_be_searched() {
    let desk = Desk::open().await;
    desk.job("film", json!({})).await;
    let token = desk.claim("gpu-7").await;
    let beat = async |from: usize, to: usize| {
        let line = |n: usize| {
            let word = if n % 40 == 7 { "ERROR" } else { "INFO" };
            format!("{word} frame {n} <b>")
        };
        let lines: Vec<_> = (from..to).map(line).collect();
        let body = json!({"lease_token": token, "log": lines});
        desk.call("POST", "/jobs/film/heartbeat", body).await;
    };
    for part in 0..4 {
        beat(part * 80, (part + 1) * 80).await;
    }
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    page.click("[aria-label=History] header a").await;
    page.until("document.querySelectorAll('.log li').length === 320")
        .await;
    page.shows(".log-tools", &["320 lines"]).await;
    page.fill(".log-tools [type=search]", "frame 31").await;
    page.shows(".log-tools", &["11 of 320 lines"]).await;
    page.fill(".log-tools [type=search]", "").await;
    page.click("[aria-label=Level] button:last-child").await;
    page.shows(".log-tools", &["8 of 320 lines"]).await;
    page.click("[aria-label=Level] button").await;
    // It is followed while the job runs.
    beat(320, 330).await;
    page.shows(".log-tools", &["330 lines"]).await;
    page.shows(".log", &["frame 329 <b>"]).await;
    // The address of a line leads to it.
    page.open(&desk.at("/jobs/film/log#L12")).await;
    page.until("document.querySelector('#L12:target')").await;
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_finds_pages_and_jobs() {
    let desk = Desk::open().await;
    night(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/").await;
    let open = async || {
        let keys =
            json!({"type": "keyDown", "key": "k", "windowsVirtualKeyCode": 75, "modifiers": 2});
        page.call("Input.dispatchKeyEvent", keys).await;
        page.until("document.querySelector('dialog[open] [role=combobox]')")
            .await;
    };
    open().await;
    page.fill("dialog[open] input", "work").await;
    page.shows("[aria-selected=true]", &["Workers"]).await;
    page.press("Enter").await;
    page.until("location.pathname === '/workers' && !document.querySelector('dialog[open]')")
        .await;
    for typed in ["film-4", "Title of film-4"] {
        open().await;
        page.fill("dialog[open] input", typed).await;
        page.shows("[aria-selected=true]", &["Title of film-4", "Failed"])
            .await;
        page.press("Enter").await;
        page.until("location.pathname === '/jobs/film-4'").await;
    }
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_long_a_queue_takes_is_on_the_first_page() {
    let desk = Desk::open().await;
    desk.running("done").await;
    desk.complete_bare("done").await;
    desk.running("runs").await;
    desk.job("waits", json!({})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/").await;
    page.shows(".forecasts", &["idea2video 1", "empty in"])
        .await;
    page.click(".forecasts a").await;
    page.until("document.querySelectorAll('[data-id]').length === 1")
        .await;
    assert_eq!(
        page.eval("document.querySelector('[data-id]').dataset.id")
            .await,
        Value::from("waits")
    );
    page.open(&desk.at("/jobs/waits")).await;
    page.shows(".stage-name", &["next in line"]).await;
    browser.close().await;
}

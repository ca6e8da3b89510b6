//! Pages that must not harm: nothing typed is lost, nothing is sent that was not typed, nothing
//! that has the focus is replaced, and what cannot be loaded is loaded later.

use super::desk::{Desk, LIVE};
use crate::support::Page;
use serde_json::{Value, json};

/// Types into the element, as a keyboard does: what a field does not take is not in it.
async fn type_into(page: &Page, selector: &str, text: &str) {
    let select = format!(
        "(() => {{ const el = document.querySelector({}); el.focus(); el.select(); }})()",
        Value::from(selector)
    );
    page.eval(&select).await;
    page.call("Input.insertText", json!({"text": text})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_a_number_or_the_choice_of_none() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    desk.call("PUT", "/queues/idea2video", json!({"max_running": 3}))
        .await;
    let limit = || async {
        desk.call("GET", "/queues", json!({})).await["queues"][0]["max_running"].clone()
    };
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/workers").await;
    page.click("[aria-label=Queues] .link.act").await;
    page.until("document.querySelector('dialog[open] [type=number]').value === '3'")
        .await;
    for wrong in ["1e", "0", "-2", "1.5", "9999999999"] {
        type_into(&page, "dialog[open] [type=number]", wrong).await;
        page.click("dialog[open] [type=submit]").await;
        let open = page
            .eval("Boolean(document.querySelector('dialog[open] :invalid'))")
            .await;
        assert_eq!(open, true, "{wrong} is taken");
        assert_eq!(limit().await, 3, "{wrong}");
    }
    // An empty field is no choice of "no limit".
    page.fill("dialog[open] [type=number]", "").await;
    page.click("dialog[open] [type=submit]").await;
    page.until("document.querySelector('dialog[open] :invalid')")
        .await;
    type_into(&page, "dialog[open] [type=number]", "12").await;
    page.click("dialog[open] [type=submit]").await;
    page.until("document.querySelector('[aria-label=Queues] .link.act').textContent === '12'")
        .await;
    assert_eq!(limit().await, 12);
    page.click("[aria-label=Queues] .link.act").await;
    page.click("dialog[open] [value=none]").await;
    page.click("dialog[open] [type=submit]").await;
    page.until(
        "document.querySelector('[aria-label=Queues] .link.act').textContent === 'no limit'",
    )
    .await;
    assert_eq!(limit().await, Value::Null);
    // From no limit, a number is typed at once.
    page.click("[aria-label=Queues] .link.act").await;
    type_into(&page, "dialog[open] [type=number]", "4").await;
    page.click("dialog[open] [type=submit]").await;
    page.until("document.querySelector('[aria-label=Queues] .link.act').textContent === '4'")
        .await;
    browser.close().await;
}

const TYPED: &str = "document.querySelector('.inspector [name=visual_desc]').value === \
    'A fox in the rain'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_about_a_shot_is_kept_until_it_is_saved() {
    let desk = Desk::open().await;
    let items: Vec<_> = (0..3)
        .map(|n| json!({"key": format!("shot-{n}"), "input": {"shot_idx": n}}))
        .collect();
    desk.job("film", json!({"items": items})).await;
    let token = desk.claim("gpu-7").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    page.click(".shot").await;
    page.until("document.querySelector('.inspector h2').textContent.startsWith('Shot 1')")
        .await;
    type_into(&page, ".inspector [name=visual_desc]", "A fox in the rain").await;
    page.shows(".inspector .unsaved", &["Not saved yet"]).await;
    page.click(".inspector [aria-label=\"Next shot\"]").await;
    page.until(
        "document.querySelector('.inspector h2').textContent.startsWith('Shot 2') && \
        document.querySelector('.inspector [name=visual_desc]').value === ''",
    )
    .await;
    page.click(".inspector [aria-label=\"Previous shot\"]")
        .await;
    page.until(TYPED).await;
    page.press("Escape").await;
    page.until("document.querySelector('.inspector').hidden")
        .await;
    page.shows(".toast", &["is kept"]).await;
    // A reload keeps it, too.
    page.reload().await;
    page.until(LIVE).await;
    page.click(".shot").await;
    page.until(TYPED).await;
    // The shot ends meanwhile: the page shows it, and the text stays.
    let report = json!({"key": "shot-0", "status": "completed", "result": {"first_frame_path": "/media/frame.svg"}});
    let beat = json!({"lease_token": token, "items": [report]});
    desk.call("POST", "/jobs/film/heartbeat", beat).await;
    page.until(&format!(
        "document.querySelector('.inspector .shot-content .status').textContent === 'Completed' \
        && document.querySelector('.inspector .pictures img') && {TYPED}"
    ))
    .await;
    page.click(".inspector [type=submit]").await;
    page.until("[...document.querySelectorAll('.toast')].some((el) => el.innerText === 'Saved')")
        .await;
    // The message lies where a click reaches it.
    page.until(
        "[...document.querySelectorAll('.toast')].every((el) => { const box = \
        el.getBoundingClientRect(); const top = document.elementFromPoint(box.x + 20, box.y + \
        box.height / 2); return el.contains(top); })",
    )
    .await;
    page.until("document.querySelector('.inspector .unsaved').hidden")
        .await;
    let shots = desk.call("GET", "/jobs/film/shots", json!({})).await;
    assert_eq!(shots["shots"][0]["visual_desc"], "A fox in the rain");
    page.press("Escape").await;
    page.until("document.querySelector('.inspector').hidden")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_first_load_fails_loads_again_by_itself() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    for (path, part, sign) in [
        (
            "/jobs",
            "/api/v1/jobs?",
            "document.querySelector('[data-id=one]')",
        ),
        (
            "/jobs/one",
            "/api/v1/jobs/one",
            "document.querySelector('.huge')",
        ),
        ("/", "/api/v1/stats", "document.querySelector('.card')"),
        (
            "/workers",
            "/api/v1/queues",
            "document.querySelector('[aria-label=Queues] tbody')",
        ),
    ] {
        page.refuse(part, Some(2)).await;
        page.open(&desk.at(path)).await;
        page.until(&format!(
            "{LIVE} && {sign} && !document.querySelector('.problem')"
        ))
        .await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_opened_without_a_server_shows_its_banner_and_then_loads() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    for (first, link, sign) in [
        ("/jobs", "tr .title", "document.querySelector('.huge')"),
        (
            "/jobs/one",
            ".back",
            "document.querySelector('[data-id=one]')",
        ),
        (
            "/jobs",
            ".pages [href=\"/workers\"]",
            "document.querySelector('tbody')",
        ),
        (
            "/jobs",
            ".pages [href=\"/\"]",
            "document.querySelector('.card')",
        ),
    ] {
        desk.follow(&page, first).await;
        page.until(&format!("document.querySelector({})", Value::from(link)))
            .await;
        page.until("document.documentElement.dataset.pages === 'loaded'")
            .await;
        page.offline(true).await;
        page.click(link).await;
        page.until(
            "document.querySelector('.problem') && !document.getElementById('banner').hidden",
        )
        .await;
        page.offline(false).await;
        page.until(&format!(
            "{LIVE} && {sign} && !document.querySelector('.problem') && \
            document.getElementById('banner').hidden"
        ))
        .await;
    }
    browser.close().await;
}

/// Focuses the first link of the table and selects its text; `window.kept()` tells whether both are
/// as they were.
const HOLD: &str = "(() => { const el = document.querySelector('tbody a'); el.focus(); \
    getSelection().selectAllChildren(el); const text = String(getSelection()); window.kept = () => \
    el.isConnected && document.activeElement === el && String(getSelection()) === text && text; })()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn focus_and_selection_stay_in_tables_that_change() {
    let desk = Desk::open().await;
    desk.job("one", json!({})).await;
    let token = desk.claim("gpu-1").await;
    let cancel = json!({"action": "cancel", "filter": {"job_ids": ["none"]}});
    desk.call("POST", "/jobs/actions", cancel.clone()).await;
    let import = json!({"old-1": {"job_id": "old-1", "status": "failed", "type": "idea2video", "created_at": "2025-01-01T00:00:00", "request": {"idea": "x"}}});
    let start = "/imports?from=vedo-jobs";
    desk.call("POST", start, import.clone()).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    for path in ["/workers", "/actions", "/imports"] {
        desk.follow(&page, path).await;
        page.until("document.querySelector('tbody a')").await;
        page.eval(HOLD).await;
        for n in 1..=5 {
            let sign = match path {
                "/workers" => {
                    let beat = json!({"lease_token": token, "current_stage": format!("Step {n}")});
                    desk.call("POST", "/jobs/one/heartbeat", beat).await;
                    format!("document.querySelector('tbody').innerText.includes('Step {n}')")
                }
                "/actions" => {
                    desk.call("POST", "/jobs/actions", cancel.clone()).await;
                    format!("document.querySelectorAll('tbody tr').length === {}", n + 1)
                }
                _ => {
                    desk.call("POST", start, import.clone()).await;
                    format!("document.querySelectorAll('tbody tr').length === {}", n + 1)
                }
            };
            page.until(&sign).await;
            assert!(page.eval("window.kept()").await.is_string(), "{path}, {n}");
        }
    }
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

/// Links and buttons of the bar on top that do not fit: on more than one line, or out of the page.
const BROKEN: &str = "[...document.querySelectorAll('.top a, .top button')].filter((el) => \
    el.offsetParent).filter((el) => { const range = document.createRange(); \
    range.selectNodeContents(el); const lines = new Set([...range.getClientRects()].filter((r) => \
    r.width > 1 && r.height > 10).map((r) => Math.round(r.bottom / 12))); const box = \
    el.getBoundingClientRect(); return box.height > 44 || box.right > innerWidth || (lines.size > 1 \
    && !el.querySelector('svg')) || el.scrollWidth > el.clientWidth + 1; }).map((el) => \
    `${el.textContent.trim()} ${JSON.stringify(el.getBoundingClientRect())}`)";

/// Links of the bar on top that overlap with what follows them.
const OVERLAPS: &str = "(() => { const all = [...document.querySelectorAll('.top a, .top \
    button')].filter((el) => el.offsetParent).map((el) => el.getBoundingClientRect()).sort((a, b) \
    => a.left - b.left); return all.some((box, i) => i && all[i - 1].right > box.left + 1); })()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_navigation_fits_at_every_width_between_phone_and_desk() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs").await;
    for width in (320..=1200).step_by(20).chain((755..=905).step_by(5)) {
        page.size(width).await;
        for word in ["Live", "Connecting"] {
            page.eval(&format!(
                "void (document.querySelector('.chip .word').textContent = '{word}')"
            ))
            .await;
            assert_eq!(page.eval(BROKEN).await, json!([]), "{width}, {word}");
            assert_eq!(page.eval(OVERLAPS).await, false, "{width}, {word}");
            assert_eq!(
                page.eval("document.documentElement.scrollWidth > innerWidth")
                    .await,
                false,
                "{width}, {word}"
            );
        }
    }
    browser.close().await;
}

/// Whether shapes that turn do so, of those that the selector finds.
fn turning(selector: &str) -> String {
    format!(
        "[...document.querySelectorAll('{selector}')].map((el) => \
        getComputedStyle(el).animationName === 'turn')"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_goes_on_now_turns() {
    let desk = Desk::open().await;
    desk.running("one").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    let motion =
        json!({"features": [{"name": "prefers-reduced-motion", "value": "no-preference"}]});
    page.call("Emulation.setEmulatedMedia", motion).await;
    desk.follow(&page, "/jobs/one").await;
    page.until("document.querySelector('.events .turn')").await;
    assert_eq!(page.eval(&turning(".head .turn")).await, json!([true]));
    assert_eq!(page.eval(&turning(".events .turn")).await, json!([false]));
    for (path, selector) in [("/", ".tile .turn"), ("/jobs", ".tabs .turn")] {
        desk.follow(&page, path).await;
        page.until(&format!("{}[0] === true", turning(selector)))
            .await;
    }
    desk.complete("one").await;
    for (path, selector) in [("/", ".tile .turn"), ("/jobs", ".tabs .turn")] {
        desk.follow(&page, path).await;
        page.until(&format!("{}[0] === false", turning(selector)))
            .await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_job_has_what_was_typed_and_nothing_else() {
    let desk = Desk::open().await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.open(&desk.at("/new")).await;
    let idea = "A fox learns to ride the night train home";
    page.fill("[name=content]", idea).await;
    // A time that has passed is refused, and nothing is made.
    page.fill("[name=run_at]", "2020-01-01T10:00").await;
    page.until("document.getElementById('n-run_at').textContent.includes('has passed')")
        .await;
    page.click("form .primary").await;
    page.until("document.activeElement === document.querySelector('[name=run_at]')")
        .await;
    assert_eq!(
        desk.call("GET", "/jobs/counts", json!({})).await["total"],
        0
    );
    page.fill("[name=run_at]", "").await;
    page.until("!document.getElementById('n-run_at').textContent.includes('has passed')")
        .await;
    page.click("form .primary").await;
    page.until("location.pathname.startsWith('/jobs/') && document.querySelector('.status')")
        .await;
    let path = page.eval("location.pathname").await;
    let job = desk.call("GET", path.as_str().unwrap(), json!({})).await;
    for field in [
        "style",
        "user_requirement",
        "project_title",
        "run_at",
        "series_id",
    ] {
        assert_eq!(job[field], Value::Null, "{field}");
    }
    assert_eq!(job["request_data"], json!({"idea": idea}));
    assert_eq!(
        (&job["priority"], &job["max_attempts"]),
        (&json!(0), &json!(3))
    );
    browser.close().await;
}

//! Every page, narrow and wide, light and dark, empty, full, refused and hostile: a picture of each
//! under `target/screenshots/`, and what a picture does not show.

use super::{desk::Desk, hostile};
use crate::support::Page;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[allow(
    clippy::disallowed_methods,
    reason = "the pictures lie where everything else does that is made"
)]
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let folder = target.join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Pages by name; `job` and its like are what the state has.
pub async fn pages(desk: &Desk, job: &[&str]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("overview", "/"),
        ("jobs", "/jobs"),
        ("new", "/new"),
        ("series", "/series"),
        ("workers", "/workers"),
        ("schedules", "/schedules"),
        ("webhooks", "/webhooks"),
        ("storage", "/storage"),
        ("imports", "/imports"),
        ("actions", "/actions"),
        ("causes", "/causes"),
        ("choose", "/compare"),
    ]
    .map(|(name, path)| (name.to_owned(), path.to_owned()))
    .into();
    all.extend(
        job.iter()
            .map(|id| (format!("job-{id}"), format!("/jobs/{id}"))),
    );
    let second = job.get(1).unwrap_or(&job[0]);
    let both = format!("/compare?a={}&b={second}", job[0]);
    all.push(("compare".to_owned(), both));
    all.push(("log".to_owned(), format!("/jobs/{}/log", job[0])));
    all.push(("shot".to_owned(), format!("/jobs/{}?shot=6", job[0])));
    for (list, id) in [
        ("series", "series_id"),
        ("imports", "import_id"),
        ("actions", "action_id"),
    ] {
        let first = desk.call("GET", &format!("/{list}"), json!({})).await[list]
            .as_array()
            .unwrap()
            .last()
            .map_or("none".to_owned(), |one| {
                one[id].as_str().unwrap().to_owned()
            });
        all.push((format!("one-{list}"), format!("/{list}/{first}")));
    }
    all
}

/// What holds of every page in every state.
async fn look(page: &Page, state: &str, name: &str, width: u32) {
    let picture = |scheme: &str| folder().join(format!("{name}-{state}-{width}-{scheme}.png"));
    for scheme in ["light", "dark"] {
        page.scheme(scheme).await;
        page.screenshot(width, &picture(scheme)).await;
    }
    let wide = page
        .run(include_str!("scripts/too-wide.js"), json!([]))
        .await;
    let scroll = page
        .eval("document.documentElement.scrollWidth - innerWidth")
        .await
        .as_i64()
        .unwrap();
    assert!(
        scroll <= 0,
        "{name} {state} {width}: {scroll} px too wide: {wide}"
    );
    let cut = page
        .run(include_str!("scripts/cut-off.js"), json!([]))
        .await;
    assert_eq!(
        cut,
        json!([]),
        "{name} {state} {width}: cut off at the edge"
    );
    assert_eq!(
        page.nameless().await,
        Vec::<String>::new(),
        "{name} {state} {width}"
    );
    assert_eq!(
        page.eval("document.querySelectorAll('h1').length").await,
        1,
        "{name} {state} {width}"
    );
    if width < 500 {
        let small = page
            .run(include_str!("scripts/small-targets.js"), json!([]))
            .await;
        assert_eq!(
            small,
            json!([]),
            "{name} {state}: targets that a finger misses"
        );
    }
}

async fn walk(desk: &Desk, state: &str, jobs: &[&str], refused: bool) {
    let browser = desk.browser().await;
    let page = browser.page().await;
    if refused {
        page.refuse("/api/v1/", None).await;
    }
    for (name, path) in pages(desk, jobs).await {
        // What a wide screen does with more room is seen best when there is much to show.
        let wide = (state == "full").then_some(1920);
        for width in [360, 1280].into_iter().chain(wide) {
            page.size(width).await;
            page.open(&desk.at(&path)).await;
            settle(&page).await;
            look(&page, state, &name, width).await;
        }
    }
    let heard = page.heard();
    let complaints: Vec<_> = heard
        .complaints
        .iter()
        .filter(|said| !expected(said, refused))
        .collect();
    assert!(complaints.is_empty(), "{state}: {complaints:?}");
    let strangers: Vec<_> = heard
        .requests
        .iter()
        .filter(|url| {
            !url.starts_with(&desk.server.url)
                && !url.starts_with("about:")
                && !url.starts_with("data:")
        })
        .collect();
    assert!(strangers.is_empty(), "{state}: {strangers:?}");
    browser.close().await;
}

/// A browser writes each answer that is an error to its console, which no page can prevent.
pub fn expected(said: &str, refused: bool) -> bool {
    said.contains("Failed to load resource") && (refused || said.contains("404"))
}

/// Until nothing is loading any more, and the pictures of shots are there.
pub async fn settle(page: &Page) {
    page.wait(include_str!("scripts/loaded.js"), json!([]))
        .await;
    page.run(include_str!("scripts/quiet.js"), json!([])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_an_empty_server() {
    let desk = Desk::open().await;
    walk(&desk, "empty", &["none"], false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_busy_server() {
    let desk = Desk::open().await;
    fill(&desk).await;
    walk(
        &desk,
        "full",
        &["running", "failed", "done", "again", "later"],
        false,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_server_that_refuses() {
    let desk = Desk::open().await;
    walk(&desk, "error", &["any"], true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_hostile_texts() {
    let desk = Desk::open().await;
    hostile::fill(&desk).await;
    walk(&desk, "hostile", &["running", "failed", "done"], false).await;
}

const TITLES: [&str; 8] = [
    "Night train home",
    "The lighthouse keeper",
    "Faro at dawn",
    "A fox in the snow",
    "Paper boats",
    "Signal lost",
    "The last greenhouse",
    "Desert radio",
];
const CAUSES: [&str; 3] = [
    "CUDA out of memory: tried to allocate 2.44 GiB\n  File \"pipeline.py\", line 214, in \
    render\n    latents = unet(sample)",
    "The image model refused the prompt of shot 7",
    "Timeout after 600 s waiting for the video model",
];

/// What a day leaves behind: jobs in every status, with shots, series, an import.
pub async fn fill(desk: &Desk) {
    let series = desk
        .call("POST", "/series", json!({"title": "Coastal stories"}))
        .await["series_id"]
        .clone();
    let episode = desk
        .call(
            "POST",
            "/episodes",
            json!({"series_id": series, "title": "Harbour lights", "number": 1}),
        )
        .await["episode_id"]
        .clone();
    desk.call("POST", "/series", json!({"title": "Machines that dream"}))
        .await;
    for (i, id) in [
        "done",
        "done-2",
        "done-3",
        "failed",
        "failed-2",
        "failed-3",
        "failed-4",
        "again",
        "cancelled",
        "running",
        "running-2",
        "running-3",
        "later",
        "next",
        "next-2",
    ]
    .into_iter()
    .enumerate()
    {
        let shots: Vec<Value> = (0..if i == 9 { 70 } else { 6 }).map(|n| json!({"key": format!("shot-{n}"), "input": {"shot_idx": n, "visual_desc": format!("Wide shot of the pier, take {n}"), "motion_desc": "Slow push in"}})).collect();
        let mut more = json!({"project_title": TITLES[i % 8], "items": shots, "labels": {"team": if i % 2 == 0 { "red" } else { "blue" }}, "style": "Cartoon style", "priority": if i == 13 { 20 } else { 0 }});
        if i % 3 == 0 {
            more["series_id"] = series.clone();
            more["episode_id"] = episode.clone();
        }
        if id == "later" {
            more["run_at"] = "2099-01-01T09:00:00Z".into();
        }
        desk.job(id, more).await;
        let kind = id.split('-').next().unwrap();
        if !["later", "next", "cancelled"].contains(&kind) {
            work(desk, id, kind, i).await;
        }
    }
    desk.call(
        "POST",
        "/jobs/cancelled/cancel",
        json!({"reason": "not needed"}),
    )
    .await;
    for (id, expr, paused) in [
        ("new-year-trailer", "0 3 1 1 *", false),
        ("yearly-reel", "30 9 24 12 *", true),
    ] {
        let schedule = json!({
            "schedule_id": id, "kind": "cron", "expr": expr, "timezone": "Europe/Berlin",
            "template": {"job_type": "idea2video"}, "paused": paused,
        });
        desk.call("POST", "/schedules", schedule).await;
    }
    for (name, kinds) in [
        ("edit", json!(["job.completed", "job.failed"])),
        ("billing", json!(["job.completed"])),
    ] {
        let webhook = json!({"url": format!("https://{name}.studio.example/hook"), "kinds": kinds});
        let made = desk.call("POST", "/webhooks", webhook).await;
        // Nothing is sent from the pictures.
        let id = made["webhook_id"].as_str().unwrap();
        desk.call("POST", &format!("/webhooks/{id}/pause"), json!({}))
            .await;
    }
    let again = json!({"action": "retry", "filter": {"job_ids": ["failed-4", "running-2"]}});
    desk.call("POST", "/jobs/actions", again).await;
    desk.job(
        "wide",
        json!({"job_type": "upscale", "project_title": "Desert radio, 4K"}),
    )
    .await;
    let crew =
        json!({"job_types": ["upscale", "script2video"], "lease_seconds": 600, "version": "2.4.1"});
    for (worker, host) in [("render-1", "gpu-a.studio"), ("render-2", "gpu-b.studio")] {
        let mut ask = crew.clone();
        (ask["worker_id"], ask["host"]) = (worker.into(), host.into());
        desk.call("POST", "/claims", ask).await;
    }
    let keep = json!({"completed": "30d", "failed": "90d", "cancelled": "0"});
    let queue = json!({"max_running": 4, "keep": keep, "then": "archive"});
    desk.call("PUT", "/queues/idea2video", queue).await;
    desk.call("PUT", "/queues/script2video", json!({"paused": true}))
        .await;
    let dump = json!({"a": {"job_id": "old-1", "status": "completed", "type": "idea2video", "progress": 100, "created_at": "2025-01-02T03:04:05", "updated_at": "2025-01-02T03:04:05", "request": {"idea": "x"}}, "b": {"job_id": "old-2"}, "c": "nonsense"});
    desk.call("POST", "/imports?file_name=jobs-2025.json", dump)
        .await;
}

async fn work(desk: &Desk, id: &str, kind: &str, i: usize) {
    desk.start(id).await;
    let frames =
        json!({"first_frame_path": "/media/frame.svg", "last_frame_path": "/media/frame.svg"});
    let done = if kind == "done" { 6 } else { 3 + i % 3 };
    let mut reports: Vec<Value> = (0..done)
        .map(|n| json!({"key": format!("shot-{n}"), "status": "completed", "result": frames}))
        .collect();
    if kind != "done" {
        reports.push(
            json!({"key": "shot-5", "status": "failed", "error": "the image model \
            refused the prompt"}),
        );
    }
    desk.call(
        "PATCH",
        &format!("/jobs/{id}/items"),
        json!({"items": reports}),
    )
    .await;
    desk.call(
        "PUT",
        &format!("/jobs/{id}/progress"),
        json!({"current_stage": "Rendering clips"}),
    )
    .await;
    match kind {
        "done" => {
            desk.call(
                "POST",
                &format!("/jobs/{id}/complete"),
                json!({"result": {"video_path": "/media/frame.svg", "seconds": 12.5}}),
            )
            .await;
        }
        "failed" => desk.fail(id, CAUSES[i % 3]).await,
        "again" => {
            desk.call(
                "POST",
                &format!("/jobs/{id}/fail"),
                json!({"error": CAUSES[2], "retry_after_seconds": 3600}),
            )
            .await;
        }
        _ => {}
    }
}

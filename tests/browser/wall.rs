//! The wall of a job's shots, its player and its inspector; pictures in lists.

use super::{desk::Desk, pictures::settle};
use crate::support::Page;
use serde_json::{Value, json};

/// A clip of two seconds.
pub const CLIP: &[u8] = include_bytes!("../data/clip.webm");

/// A server with a clip, and one that is cut off.
pub async fn studio() -> Desk {
    let desk = Desk::open().await;
    let media = desk.folder.path().join("media");
    std::fs::write(media.join("clip.webm"), CLIP).unwrap();
    std::fs::write(media.join("cut.webm"), &CLIP[..400]).unwrap();
    std::fs::write(media.join("text.webm"), "This is no clip.").unwrap();
    desk
}

fn items(n: usize) -> Vec<Value> {
    let item =
        |n| json!({"key": format!("shot-{n}"), "input": {"visual_desc": format!("Take {n}")}});
    (0..n).map(item).collect()
}

async fn report(desk: &Desk, id: &str, results: &[(usize, Value)]) {
    let done = |(n, result): &(usize, Value)| json!({"key": format!("shot-{n}"), "status": "completed", "result": result});
    let items: Vec<_> = results.iter().map(done).collect();
    desk.call(
        "PATCH",
        &format!("/jobs/{id}/items"),
        json!({"items": items}),
    )
    .await;
}

/// A failed job of eight shots: clips, a picture, files that are missing, cut off or of a wrong
/// type, a failed shot, and two that were never begun.
pub async fn half_made(desk: &Desk) {
    desk.job("half", json!({"items": items(8)})).await;
    desk.start("half").await;
    let results = [
        (
            0,
            json!({"video_path": "/media/clip.webm", "seconds": 2, "cost": 0.25}),
        ),
        (1, json!({"first_frame_path": "/media/frame.svg"})),
        (2, json!({"first_frame_path": "/media/none.png"})),
        (3, json!({"video_path": "/media/cut.webm"})),
        (4, json!({"video_path": "/media/text.webm"})),
    ];
    report(desk, "half", &results).await;
    let failed =
        json!({"items": [{"key": "shot-5", "status": "failed", "error": "the model refused"}]});
    desk.call("PATCH", "/jobs/half/items", failed).await;
    desk.fail("half", "one shot failed").await;
}

async fn tile_says(page: &Page, n: usize, text: &str) {
    page.until(&format!(
        "document.querySelectorAll('.shot')[{n}].innerText.includes({})",
        Value::from(text)
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wall_shows_what_is_there_and_names_what_is_not() {
    let desk = studio().await;
    half_made(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/half").await;
    page.until("document.querySelectorAll('.shot')[0].querySelector('canvas')")
        .await;
    page.until("document.querySelectorAll('.shot')[1].querySelector('img').naturalWidth > 0")
        .await;
    tile_says(&page, 2, "Picture missing").await;
    tile_says(&page, 3, "Clip cannot be read").await;
    tile_says(&page, 4, "Clip cannot be read").await;
    tile_says(&page, 5, "the model refused").await;
    tile_says(&page, 0, "Take 0").await;
    // What is missing is seen in the timeline, and one click away in the wall.
    let gaps = "document.querySelectorAll('.cells .gap').length";
    assert_eq!(page.eval(gaps).await, 3);
    page.click("[aria-label=\"Shown shots\"] button:last-child")
        .await;
    page.until(
        "[...document.querySelectorAll('.shot b')].map((el) => el.innerText).join() === '6,7,8'",
    )
    .await;
    // What is there is played, one shot after the other, with slates for the rest.
    page.click(".player-line .button").await;
    page.shows(".now-playing", &["Playing shot 1"]).await;
    page.shows(".screen", &["has no picture"]).await;
    page.shows(".screen", &["Shots 6–8 are not there"]).await;
    page.shows(".now-playing", &["Played 8 shots"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tile_selects_a_shot_and_the_address_and_keys_follow() {
    let desk = studio().await;
    half_made(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/half").await;
    page.click(".shot").await;
    page.until("location.search === '?shot=1' && document.querySelector('.screen video')")
        .await;
    page.shows(".inspector", &["Shot 1 of 8", "0.25", "shot-0"])
        .await;
    page.eval("document.querySelector('.shot').focus()").await;
    for at in 2..=6 {
        if at == 3 {
            page.until("window.late = document.querySelector('.screen img')")
                .await;
        }
        page.press("ArrowRight").await;
        page.until(&format!(
            "location.search === '?shot={at}' && document.activeElement.at === {}",
            at - 1
        ))
        .await;
    }
    page.shows(".inspector", &["Shot 6 of 8", "the model refused"])
        .await;
    page.shows(".screen", &["Shot 6 failed"]).await;
    // The file of a shot that is no longer shown may turn out to be missing later.
    page.eval("late.dispatchEvent(new Event('error'))").await;
    page.shows(".screen", &["Shot 6 failed"]).await;
    // An address leads to its shot again, and Escape away from it.
    page.reload().await;
    page.shows(".inspector", &["Shot 6 of 8"]).await;
    page.press("Escape").await;
    page.until("document.querySelector('.inspector').hidden && location.search === ''")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_shot_is_rendered_again_by_a_job_of_its_own() {
    let desk = studio().await;
    half_made(&desk).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/half?shot=6").await;
    page.click(".inspector .panel-body > .row .act").await;
    page.click(".toast a").await;
    page.until(
        "location.pathname !== '/jobs/half' && document.querySelectorAll('.shot').length === 1",
    )
    .await;
    page.shows(".id-line", &["Made from half"]).await;
    tile_says(&page, 0, "Take 5").await;
    assert_eq!(
        page.heard()
            .complaints
            .iter()
            .filter(|said| !said.contains("404"))
            .count(),
        0
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_run_again_as_it_was_and_with_changes() {
    let desk = Desk::open().await;
    desk.running("film").await;
    desk.complete_bare("film").await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/film").await;
    page.click(".job-actions .act").await;
    page.click(".toast a").await;
    page.until("location.pathname !== '/jobs/film' && document.querySelector('.status').textContent === 'Queued'")
        .await;
    page.open(&desk.at("/new?from=film")).await;
    page.until(
        "document.querySelector('[name=content]').value === 'A fox rides the night train home'",
    )
    .await;
    page.fill("[name=project_title]", "A second cut").await;
    page.click("form [type=submit]").await;
    page.shows("h1", &["A second cut"]).await;
    let jobs = desk.call("GET", "/jobs", json!({})).await;
    let fields = |n: usize| {
        let job = &jobs["jobs"][n];
        [&job["content"], &job["job_type"], &job["project_title"]].map(Clone::clone)
    };
    assert_eq!(fields(0)[..2], fields(2)[..2]);
    assert_eq!(fields(1), fields(2));
    assert_eq!(fields(0)[2], "A second cut");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_show_a_picture_of_each_job() {
    let desk = studio().await;
    let series = desk
        .call("POST", "/series", json!({"title": "Coast"}))
        .await["series_id"]
        .clone();
    for id in ["clips", "frames", "none"] {
        desk.job(id, json!({"items": items(2), "series_id": series}))
            .await;
        desk.start(id).await;
    }
    report(
        &desk,
        "clips",
        &[(0, json!({"video_path": "/media/clip.webm"}))],
    )
    .await;
    report(
        &desk,
        "frames",
        &[(0, json!({"first_frame_path": "/media/frame.svg"}))],
    )
    .await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    for (path, row) in [
        ("/jobs", "tr[data-id=clips]"),
        ("/", ".card:has([href=\"/jobs/clips\"])"),
    ] {
        desk.follow(&page, path).await;
        page.until(&format!("document.querySelector('{row} canvas')"))
            .await;
        let frames = row.replace("clips", "frames");
        let picture = format!("document.querySelector('{frames} img')");
        page.until(&format!("{picture} && {picture}.naturalWidth > 0"))
            .await;
    }
    let result = json!({"video_path": "/media/clip.webm", "thumbnail_path": "/media/frame.svg"});
    desk.call("POST", "/jobs/clips/complete", json!({"result": result}))
        .await;
    let path = format!("/series/{}", series.as_str().unwrap());
    desk.follow(&page, &path).await;
    page.until("document.querySelector('.video-card img').naturalWidth > 0")
        .await;
    page.click(".video-card button").await;
    page.until("document.querySelector('.stage-box video').readyState > 1")
        .await;
    assert_eq!(page.heard().complaints, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_shots_make_few_requests() {
    let desk = studio().await;
    desk.job("many", json!({"items": items(300)})).await;
    desk.start("many").await;
    let frame = |n: usize| {
        (
            n,
            json!({"first_frame_path": format!("/media/frame.svg?{n}")}),
        )
    };
    let results: Vec<_> = (0..300).map(frame).collect();
    for part in results.chunks(150) {
        report(&desk, "many", part).await;
    }
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/many").await;
    page.until("document.querySelector('.shot img').naturalWidth > 0")
        .await;
    settle(&page).await;
    let requests = page.heard().requests;
    let pictures = requests
        .iter()
        .filter(|url| url.contains("/media/"))
        .count();
    assert!((1..=40).contains(&pictures), "{pictures} pictures");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_shots_are_listed_and_searched_through() {
    let desk = Desk::open().await;
    desk.job("huge", json!({"items": items(10_000)})).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/huge").await;
    page.shows(".shots + .pages-row", &["of 10,000 shots"])
        .await;
    // A place in the timeline leads to the shot there.
    page.eval("document.querySelector('.reel').focus()").await;
    page.press("End").await;
    page.shows(".inspector", &["Shot 10,000 of 10,000"]).await;
    page.until("document.querySelector('.inspector [name=visual_desc]').value === 'Take 9999'")
        .await;
    let nodes = page.eval("document.querySelectorAll('*').length").await;
    assert!(nodes.as_u64().unwrap() < 5_000, "{nodes} elements");
    browser.close().await;
}

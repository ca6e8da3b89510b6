//! Two jobs, or two attempts of one, side by side.

use super::desk::Desk;
use serde_json::{Value, json};

/// A clip of two seconds.
const CLIP: &[u8] = include_bytes!("../data/clip.webm");

/// A running job. `seed` is a number of any length.
async fn order(desk: &Desk, id: &str, time: &str, seed: &str, shots: usize) {
    let item =
        |n| json!({"key": format!("shot-{n}"), "input": {"visual_desc": format!("Take {n}")}});
    let request: Value = serde_json::from_str(&format!(r#"{{"seed": {seed}}}"#)).unwrap();
    let items: Vec<_> = (1..=shots).map(item).collect();
    let content = format!("A ferry leaves at {time} with one passenger");
    let mut body =
        json!({"content": content, "project_title": "The ferry", "request_data": request});
    body["items"] = items.into();
    desk.job(id, body).await;
    desk.start(id).await;
}

async fn report(desk: &Desk, id: &str, shot: usize) {
    let result = json!({"first_frame_path": "/media/frame.svg"});
    let item = json!({"key": format!("shot-{shot}"), "status": "completed", "result": result});
    let path = format!("/jobs/{id}/items");
    desk.call("PATCH", &path, json!({"items": [item]})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_jobs_show_where_their_inputs_differ_and_the_same_second_of_their_films() {
    let desk = Desk::open().await;
    let film = desk.folder.path().join("media/clip.webm");
    std::fs::write(film, CLIP).unwrap();
    for (id, time, seed) in [
        ("dawn", "dawn", "90071992547409931"),
        ("dusk", "dusk", "90071992547409932"),
    ] {
        order(&desk, id, time, seed, 2).await;
        let result = json!({"result": {"video_path": "/media/clip.webm"}});
        desk.call("POST", &format!("/jobs/{id}/complete"), result)
            .await;
    }
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/dawn").await;
    page.click("[aria-label=\"More actions\"]").await;
    page.until("document.querySelector('.menu a[href=\"/compare?a=dawn\"]')")
        .await;
    page.click(".menu a[href=\"/compare?a=dawn\"]").await;
    // A job of the same title is one click away.
    page.shows(".nearby", &["The ferry", "dusk"]).await;
    page.click(".nearby button").await;
    page.until("location.search === '?a=dawn&b=dusk'").await;
    let marks = "[...document.querySelectorAll('mark')].map((el) => el.innerText).join()";
    page.until(&format!(
        "{marks} === 'dawn,dusk,90071992547409931,90071992547409932'"
    ))
    .await;
    page.until("[...document.querySelectorAll('.screen video')].length === 2")
        .await;
    page.until("Number(document.querySelector('.scrubber').max) > 1")
        .await;
    page.fill(".scrubber", "1").await;
    let at = "[...document.querySelectorAll('.screen video')].every((el) => \
              Math.abs(el.currentTime - 1) < 0.1)";
    page.until(at).await;
    page.click(".head .button").await;
    page.until("location.search === '?a=dusk&b=dawn'").await;
    page.until(&format!(
        "{marks} === 'dusk,dawn,90071992547409932,90071992547409931'"
    ))
    .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_attempts_show_which_shots_each_of_them_made() {
    let desk = Desk::open().await;
    order(&desk, "ferry", "dawn", "1", 3).await;
    report(&desk, "ferry", 1).await;
    desk.fail("ferry", "The card has no memory left").await;
    desk.call("POST", "/jobs/ferry/retry", json!({})).await;
    desk.start("ferry").await;
    report(&desk, "ferry", 2).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/jobs/ferry").await;
    page.until("document.querySelector('section a[href^=\"/compare\"]').offsetParent")
        .await;
    page.click("section a[href^=\"/compare\"]").await;
    page.until("location.search === '?a=ferry&b=ferry&a_attempt=1&b_attempt=2'")
        .await;
    page.shows(
        "section[aria-label=\"Side A\"]",
        &["1 of 3 done", "The card has no memory left"],
    )
    .await;
    page.shows(
        "section[aria-label=\"Side B\"]",
        &["Shot 1 was not made in this attempt", "1 of 3 done"],
    )
    .await;
    page.shows("section[aria-label=Inputs]", &["The inputs are the same"])
        .await;
    // A shot of unknown length stands for three seconds.
    page.fill(".scrubber", "4").await;
    page.shows(
        "section[aria-label=\"Side A\"]",
        &["Shot 2 of 3", "Shot 2 was not made in this attempt"],
    )
    .await;
    page.until("document.querySelector('section[aria-label=\"Side B\"] .still').naturalWidth > 0")
        .await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_with_a_job_that_is_not_there_asks_for_another() {
    let desk = Desk::open().await;
    order(&desk, "ferry", "dawn", "1", 1).await;
    order(&desk, "boat", "dusk", "1", 2).await;
    let browser = desk.browser().await;
    let page = browser.page().await;
    desk.follow(&page, "/compare?a=ferry&b=none").await;
    page.shows(".problem", &["Not found"]).await;
    page.fill(".chooser input", "boat").await;
    page.click(".chooser .button").await;
    page.until("location.search === '?a=ferry&b=boat'").await;
    page.shows("section[aria-label=Inputs]", &["Further shots", "1 shot"])
        .await;
    assert_eq!(
        page.eval("document.querySelector('.problem')").await,
        Value::Null
    );
    browser.close().await;
}

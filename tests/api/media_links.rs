//! Links to media that work without a key for an hour.

use super::{
    face::{Api, call},
    guarded::{Guarded, JOBS},
};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

const LINKS: &str = "/api/v1/media-links";

#[on_sqlite]
async fn a_link_leads_to_one_file_for_an_hour(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let reader = guarded.key_of("reader").await;
    for name in ["a film.mp4", "b.mp4"] {
        std::fs::write(api.media(name), "film").unwrap();
    }
    let path = "/media/a film.mp4";
    let link = guarded
        .with(&reader, Method::POST, LINKS, Some(json!({"path": path})))
        .await
        .json(200);
    let url = link["url"].as_str().unwrap();
    assert!(url.starts_with("/media/a%20film.mp4?exp="), "{url}");
    assert_eq!(api.get(url).await.text(), "film");
    let head = call(api.request(Method::HEAD, url)).await;
    assert_eq!(head.status, 200);
    let query = url.split('?').nth(1).unwrap();
    for other in [
        format!("/media/b.mp4?{query}"),
        format!("{JOBS}?{query}"),
        format!("/metrics?{query}"),
        url.replace("exp=1", "exp=2"),
        format!("{url}0"),
        "/media/a%20film.mp4?exp=9999999999&sig=".to_owned(),
        "/media/a%20film.mp4".to_owned(),
    ] {
        let answer = api.get(&other).await;
        assert!(
            matches!(answer.status, 400 | 401),
            "{other}: {}",
            answer.status
        );
    }
    call(api.request(Method::POST, url))
        .await
        .problem(401, "unauthenticated");
    api.clock.advance(TimeDelta::hours(1));
    api.get(url).await.problem(401, "unauthenticated");
    for wrong in [
        "/api/v1/jobs",
        "/media/../key",
        "/media/",
        "/media//a",
        "/media/./a",
        "film",
    ] {
        guarded
            .with(&reader, Method::POST, LINKS, Some(json!({"path": wrong})))
            .await
            .problem(400, "invalid_request");
    }
    call(
        api.request(Method::POST, LINKS)
            .json(&json!({"path": path})),
    )
    .await
    .problem(401, "unauthenticated");
}

#[on_sqlite]
async fn servers_with_one_secret_take_each_others_links(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let secret = |config: &mut callsheet::config::Config| {
        config.link_secret = Some("0123456789abcdef01234567".to_owned());
    };
    let (one, other) = (api.again(secret).await, api.again(secret).await);
    std::fs::write(other.media("a.mp4"), "film").unwrap();
    let made = one
        .request(Method::POST, LINKS)
        .bearer_auth(&guarded.admin)
        .json(&json!({"path": "/media/a.mp4"}));
    let link = call(made).await.json(200);
    let url = link["url"].as_str().unwrap();
    assert_eq!(other.get(url).await.text(), "film");
    std::fs::write(api.media("a.mp4"), "film").unwrap();
    api.get(url).await.problem(401, "unauthenticated");
}

#[on_sqlite]
async fn documents_that_can_act_are_stored_and_not_shown(api: Api) {
    for (name, is_stored) in [
        ("a.mp4", false),
        ("a.wav", false),
        ("a.png", false),
        ("a.txt", false),
        ("a.json", false),
        ("a.vtt", false),
        ("a.html", true),
        ("a.xhtml", true),
        ("a.svg", true),
        ("a.xml", true),
        ("a.pdf", true),
        ("a.js", true),
        ("a.bin", true),
        ("a", true),
    ] {
        std::fs::write(api.media(name), "<script>").unwrap();
        let answer = api.get(&format!("/media/{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
        let stored = answer.header("content-disposition") == Some("attachment");
        assert_eq!(stored, is_stored, "{name}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        if is_stored {
            assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
        }
    }
}

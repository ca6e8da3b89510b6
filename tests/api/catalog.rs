//! Series and episodes.

use super::face::{Api, of_job, places};
use serde_json::{Value, json};

const SERIES: &str = "/api/v1/series";
const EPISODES: &str = "/api/v1/episodes";

#[on_both]
async fn a_series_is_made_read_and_deleted(api: Api) {
    let made = api
        .post("/api/v1/series", json!({"title": "Night trains"}))
        .await
        .json(201);
    let path = format!("/api/v1/series/{}", made["series_id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.json(200), made);
    assert_eq!(
        api.get("/api/v1/series").await.json(200),
        json!({"series": [made], "has_more": false, "next_cursor": null})
    );
    api.delete(&path).await.empty(204);
    assert_eq!(
        api.get(&path).await.problem(404, "series_not_found")["detail"],
        "Series not found"
    );
    api.delete(&path).await.problem(404, "series_not_found");
}

#[on_both]
async fn an_episode_has_its_number_once_in_a_series(api: Api) {
    let series = api.series("Night trains").await;
    let other = api.series("Lighthouses").await;
    let body = json!({"series_id": series, "title": "Home", "number": 1});
    let made = api.post("/api/v1/episodes", body.clone()).await.json(201);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    api.post("/api/v1/episodes", body)
        .await
        .problem(409, "episode_number_taken");
    api.post("/api/v1/episodes", json!({"series_id": other, "number": 1}))
        .await
        .json(201);
    for _ in 0..2 {
        api.post("/api/v1/episodes", json!({"series_id": series}))
            .await
            .json(201);
        api.post("/api/v1/episodes", json!({"number": 1}))
            .await
            .json(201);
    }
    let list = api
        .get(&format!("/api/v1/episodes?series_id={series}"))
        .await
        .json(200);
    assert_eq!(list["episodes"].as_array().unwrap().len(), 3);
    for (number, code) in [
        (json!(-1), "out_of_range"),
        (json!("1"), "wrong_type"),
        (json!(2_147_483_648_u32), "out_of_range"),
    ] {
        let problem = api
            .post("/api/v1/episodes", json!({"number": number}))
            .await
            .problem(400, "invalid_request");
        assert_eq!(places(&problem), [format!("/number {code}")]);
    }
}

#[on_both]
async fn a_series_with_a_bad_title_is_refused(api: Api) {
    for title in [
        json!(""),
        json!(" \n"),
        json!("x".repeat(256)),
        json!(null),
        json!(5),
    ] {
        let problem = api
            .post("/api/v1/series", json!({"title": title}))
            .await
            .problem(400, "invalid_request");
        assert!(
            places(&problem)
                .iter()
                .all(|place| place.starts_with("/title ")),
            "{problem}"
        );
    }
    assert_eq!(
        api.get("/api/v1/series").await.json(200)["series"],
        json!([])
    );
}

#[on_both]
async fn a_deleted_series_leaves_its_jobs(api: Api) {
    let series = api.series("Night trains").await;
    let episode = api
        .post("/api/v1/episodes", json!({"series_id": series}))
        .await
        .json(201)["episode_id"]
        .clone();
    let body = json!({"job_type": "a", "series_id": series, "episode_id": episode});
    let id = api.made(body).await["job_id"].as_str().unwrap().to_owned();
    api.delete(&format!("/api/v1/episodes/{}", episode.as_str().unwrap()))
        .await
        .empty(204);
    api.delete(&format!("/api/v1/series/{series}"))
        .await
        .empty(204);
    let job = api.job(&id).await;
    assert_eq!(
        (&job["series_id"], &job["episode_id"], &job["version"]),
        (&Value::Null, &Value::Null, &3.into())
    );
    assert_eq!(
        api.get(&of_job(&id, "/events")).await.json(200)["events"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    api.whole(&id).await.assert_history_is_whole();
}

#[on_both]
async fn the_jobs_of_series_and_episodes_are_counted_on_request(api: Api) {
    let made = async |path: &str, body| api.post(path, body).await.json(201);
    let (one, _two) = (
        made(SERIES, json!({"title": "One"})).await,
        made(SERIES, json!({"title": "Two"})).await,
    );
    let id = one["series_id"].as_str().unwrap();
    let episode =
        made(EPISODES, json!({"series_id": id, "title": "Pilot"})).await["episode_id"].clone();
    for episode in [json!(null), episode.clone(), episode] {
        let mut job = super::face::least();
        (job["series_id"], job["episode_id"]) = (json!(id), episode);
        api.made(job).await;
    }
    let series = api.get(&format!("{SERIES}?counts=true")).await.json(200);
    let totals: Vec<_> = series["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["title"], &one["jobs"]["total"]))
        .collect();
    assert_eq!(
        totals,
        [(&json!("Two"), &json!(0)), (&json!("One"), &json!(3))]
    );
    assert_eq!(
        api.get(&format!("{SERIES}/{id}?counts=true"))
            .await
            .json(200)["jobs"]["queued"],
        3
    );
    let episodes = api
        .get(&format!("{EPISODES}?series_id={id}&counts=true"))
        .await
        .json(200);
    assert_eq!(episodes["episodes"][0]["jobs"]["queued"], 2);
    for path in [
        SERIES.to_owned(),
        format!("{SERIES}?counts=false"),
        format!("{SERIES}/{id}"),
    ] {
        assert!(!api.get(&path).await.text().contains("\"jobs\""), "{path}");
    }
}

#[on_both]
async fn a_series_and_an_episode_get_another_title_and_number(api: Api) {
    let series = api.series("Night trains").await;
    let path = format!("{SERIES}/{series}");
    let title = json!({"title": "Day trains"});
    let changed = api.patch(&path, title).await.json(200);
    assert_eq!(changed["title"], "Day trains");
    assert_eq!(api.get(&path).await.json(200), changed);
    assert_eq!(api.patch(&path, json!({})).await.json(200), changed);
    for title in [json!(" "), json!(null), json!(5)] {
        let body = json!({ "title": title });
        let refused = api.patch(&path, body).await;
        refused.problem(400, "invalid_request");
    }
    let body = json!({"title": "x"});
    let lost = api.patch(&format!("{SERIES}/none"), body.clone()).await;
    lost.problem(404, "series_not_found");
    let lost = api.patch(&format!("{EPISODES}/none"), body).await;
    lost.problem(404, "episode_not_found");

    let mut paths = Vec::new();
    for number in 1..=2 {
        let new = json!({"series_id": series, "number": number, "title": "Home"});
        let made = api.post(EPISODES, new).await.json(201);
        paths.push(format!(
            "{EPISODES}/{}",
            made["episode_id"].as_str().unwrap()
        ));
    }
    let taken = api.patch(&paths[0], json!({"number": 2})).await;
    taken.problem(409, "episode_number_taken");
    let same = json!({"number": 1, "title": null});
    let changed = api.patch(&paths[0], same).await.json(200);
    assert_eq!(
        (&changed["number"], &changed["title"]),
        (&json!(1), &json!(null))
    );
    let moved = api
        .patch(&paths[0], json!({"number": null}))
        .await
        .json(200);
    assert_eq!(moved["number"], json!(null));
    assert_eq!(api.get(&paths[0]).await.json(200), moved);
    let now_free = api.patch(&paths[1], json!({"number": 1})).await.json(200);
    assert_eq!(now_free["number"], 1);
}

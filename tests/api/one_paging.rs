//! Every list is walked in the same way: by `next_cursor`, or by the header `Link`.

use super::face::{Api, of_job};
use serde_json::{Value, json};

/// Walks a list of pages of two by `Link`, and returns the ids of its rows.
async fn walk(api: &Api, path: &str, rows: &str, id: &str) -> Vec<Value> {
    let mark = if path.contains('?') { '&' } else { '?' };
    let (mut next, mut found) = (Some(format!("{path}{mark}limit=2")), Vec::new());
    while let Some(path) = next {
        let answer = api.get(&path).await;
        let page = answer.json(200);
        let ids = page[rows]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[id].clone());
        found.extend(ids);
        let link = answer.header("link").map(|link| {
            let target = link
                .strip_prefix('<')
                .and_then(|l| l.strip_suffix(">; rel=\"next\""));
            target.expect(link).to_owned()
        });
        assert_eq!(page["has_more"], link.is_some(), "{path}");
        assert_eq!(page["next_cursor"].is_string(), link.is_some(), "{path}");
        assert!(found.len() < 100, "{path} has no end");
        next = link;
    }
    found
}

fn is_complete(found: &[Value], count: usize) -> bool {
    let mut seen = found.to_vec();
    seen.dedup();
    seen.len() == count && found.len() == count
}

#[on_both]
async fn all_lists_are_walked_by_links(api: Api) {
    let items: Vec<_> = (0..5).map(|n| json!({"key": format!("k{n}")})).collect();
    let job = api.made(json!({"job_type": "a", "items": items})).await;
    let id = job["job_id"].as_str().unwrap().to_owned();
    for n in 0..4 {
        api.made(json!({"job_type": "a", "labels": {"n": n.to_string()}}))
            .await;
        api.patch(&of_job(&id, ""), json!({"project_title": n.to_string()}))
            .await
            .json(200);
        let series = api.series("Night trains").await;
        let episode = json!({"series_id": series, "number": n});
        api.post("/api/v1/episodes", episode).await.json(201);
        api.post(
            "/api/v1/claims",
            json!({"worker_id": format!("w{n}"), "job_types": ["none"]}),
        )
        .await
        .json(200);
    }
    for (path, rows, name, count) in [
        ("/api/v1/jobs", "jobs", "job_id", 5),
        ("/api/v1/jobs?job_type=a&view=summary", "jobs", "job_id", 5),
        ("/api/v1/series", "series", "series_id", 4),
        ("/api/v1/episodes?counts=true", "episodes", "episode_id", 4),
        ("/api/v1/workers", "workers", "worker_id", 4),
        (&of_job(&id, "/items"), "items", "idx", 5),
        (&of_job(&id, "/events"), "events", "seq", 5),
    ] {
        let found = walk(&api, path, rows, name).await;
        assert!(is_complete(&found, count), "{path}: {found:?}");
    }
}

#[on_both]
async fn the_parameters_of_older_clients_lead_to_the_same_pages(api: Api) {
    let keys: Vec<String> = (0..5).map(|n| n.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let path = of_job(&api.with_items(&keys).await.id, "/items");
    let first = api.get(&format!("{path}?limit=2")).await.json(200);
    assert_eq!(
        first["next_after"].to_string(),
        first["next_cursor"].as_str().unwrap()
    );
    let by_after = api
        .get(&format!("{path}?limit=2&after={}", first["next_after"]))
        .await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let by_cursor = api.get(&format!("{path}?limit=2&cursor={cursor}")).await;
    assert_eq!(by_after.json(200), by_cursor.json(200));
    for cursor in ["x", "", "-1", "+1", "1.5", "99999999999999999999"] {
        let answer = api.get(&format!("{path}?cursor={cursor}")).await;
        answer.problem(400, "invalid_request");
    }
    let end = api
        .get(&format!("{path}?cursor=999999999999"))
        .await
        .json(200);
    assert_eq!(end["items"], json!([]));
}

#[on_both]
async fn a_page_of_jobs_is_as_large_as_it_may_be_and_says_so(api: Api) {
    api.queued().await;
    for limit in ["201", "1000", "9223372036854775807"] {
        let page = api
            .get(&format!("/api/v1/jobs?limit={limit}"))
            .await
            .json(200);
        assert_eq!(page["pagination"]["limit"], 200, "{limit}");
        assert_eq!(page["has_more"], false);
    }
    for limit in ["0", "-1", "x", "1.5", "", "9223372036854775808"] {
        let answer = api.get(&format!("/api/v1/jobs?limit={limit}")).await;
        answer.problem(400, "invalid_request");
    }
}

#[on_both]
async fn what_is_put_can_be_read_at_the_same_path(api: Api) {
    let queue = "/api/v1/queues/idea2video";
    let unused = json!({"job_type": "idea2video", "paused": false, "max_running": null, "max_run_seconds": null, "keep": {"completed": null, "failed": null, "cancelled": null}, "then": null, "keep_media": null, "queued": 0, "processing": 0});
    assert_eq!(api.get(queue).await.json(200), unused);
    let set = api
        .put(queue, json!({"paused": true, "max_running": 3}))
        .await
        .json(200);
    api.queued().await;
    let read = api.get(queue).await.json(200);
    assert_eq!(
        (&read["paused"], &read["max_running"]),
        (&set["paused"], &set["max_running"])
    );
    assert_eq!(read["queued"], 1);
    api.get("/api/v1/queues/NOT%20ONE")
        .await
        .problem(400, "invalid_request");

    let job = api.started().await;
    let progress = of_job(&job.id, "/progress");
    let put = json!({"progress": 40.0, "current_stage": "Rendering"});
    api.put(&progress, put).await.json(200);
    let read = api.get(&progress).await.json(200);
    assert_eq!(
        (&read["progress"], &read["current_stage"]),
        (&json!(40.0), &json!("Rendering"))
    );
    assert_eq!(read["status"], "processing");
    api.get(&of_job("none", "/progress"))
        .await
        .problem(404, "job_not_found");

    let job = api.with_items(&["0", "1"]).await;
    let shot = of_job(&job.id, "/shots/1");
    api.put(&shot, json!({"visual_desc": "Rain"}))
        .await
        .json(200);
    let read = api.get(&shot).await.json(200);
    assert_eq!(
        (&read["shot_idx"], &read["visual_desc"]),
        (&json!(1), &json!("Rain"))
    );
    api.get(&of_job(&job.id, "/shots/7"))
        .await
        .problem(404, "shot_not_found");
}

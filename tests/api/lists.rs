//! Pages, filters, counts, and what a summary leaves out.

use super::face::{Api, of_job};
use callsheet::db::MAX_AGE;
use chrono::TimeDelta;
use entity::JobStatus;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::time::Instant;

/// Ids of the rows of all pages, in order.
async fn walk(api: &Api, path: &str, rows: &str, id: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let next = cursor
            .map(|cursor: String| format!("&cursor={cursor}"))
            .unwrap_or_default();
        let page = api.get(&format!("{path}{next}")).await.json(200);
        ids.extend(
            page[rows]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row[id].as_str().unwrap().to_owned()),
        );
        let next = if rows == "jobs" {
            &page["pagination"]["next_cursor"]
        } else {
            &page["next_cursor"]
        };
        match next.as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return ids,
        }
    }
}

/// Jobs of which some were made in the same microsecond, the oldest first.
async fn jobs(api: &Api, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        if n % 3 == 0 {
            api.clock.advance(TimeDelta::microseconds(1));
        }
        ids.push(api.queued().await.id);
    }
    ids
}

#[on_both]
async fn a_cursor_leads_over_each_job_once(api: Api) {
    let mut ids = jobs(&api, 25).await;
    assert_eq!(
        walk(
            &api,
            "/api/v1/jobs?limit=7&order=created_at",
            "jobs",
            "job_id"
        )
        .await,
        ids
    );
    ids.reverse();
    for query in [
        "limit=7",
        "limit=25",
        "limit=1&view=summary",
        "limit=7&offset=3&order=-created_at",
    ] {
        let walked = walk(&api, &format!("/api/v1/jobs?{query}"), "jobs", "job_id").await;
        let from = if query.contains("offset") { 3 } else { 0 };
        assert_eq!(walked, ids[from..], "{query}");
    }
    let cursor =
        api.get("/api/v1/jobs?limit=7").await.json(200)["pagination"]["next_cursor"].clone();
    let page = api
        .get(&format!(
            "/api/v1/jobs?limit=7&cursor={}",
            cursor.as_str().unwrap()
        ))
        .await
        .json(200);
    assert_eq!(
        (&page["pagination"]["total"], &page["pagination"]["offset"]),
        (&25.into(), &0.into())
    );
}

#[on_both]
async fn offsets_lead_over_each_job_once(api: Api) {
    let mut ids = jobs(&api, 25).await;
    ids.reverse();
    let mut walked = Vec::new();
    for offset in (0..).step_by(7) {
        let page = api
            .get(&format!("/api/v1/jobs?limit=7&offset={offset}"))
            .await
            .json(200);
        walked.extend(
            page["jobs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|job| job["job_id"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page["pagination"]["has_more"], walked.len() < 25);
        if page["pagination"]["has_more"] == false {
            break;
        }
    }
    assert_eq!(walked, ids);
}

#[on_both]
async fn a_job_that_comes_meanwhile_moves_no_page(api: Api) {
    let ids = jobs(&api, 6).await;
    let first = api.get("/api/v1/jobs?limit=3").await.json(200);
    api.clock.advance(TimeDelta::seconds(1));
    api.queued().await;
    api.delete_job(first["jobs"][2]["job_id"].as_str().unwrap(), None)
        .await
        .unwrap();
    let cursor = first["pagination"]["next_cursor"].as_str().unwrap();
    let page = api
        .get(&format!("/api/v1/jobs?limit=3&cursor={cursor}"))
        .await
        .json(200);
    let rest: Vec<_> = page["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["job_id"].as_str().unwrap())
        .collect();
    assert_eq!(rest, [&ids[2], &ids[1], &ids[0]]);
}

#[on_both]
async fn series_and_episodes_are_paged_too(api: Api) {
    let (mut series, mut episodes) = (Vec::new(), Vec::new());
    for n in 0..7 {
        if n % 2 == 0 {
            api.clock.advance(TimeDelta::microseconds(1));
        }
        series.insert(0, api.series(&format!("Series {n}")).await);
        let made = api
            .post(
                "/api/v1/episodes",
                json!({"series_id": series[n / 4], "number": n}),
            )
            .await
            .json(201);
        episodes.insert(0, made["episode_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        walk(&api, "/api/v1/series?limit=2", "series", "series_id").await,
        series
    );
    assert_eq!(
        walk(&api, "/api/v1/episodes?limit=2", "episodes", "episode_id").await,
        episodes
    );
    let of_none = api.get("/api/v1/episodes?series_id=nobody").await.json(200);
    assert_eq!(
        of_none,
        json!({"episodes": [], "has_more": false, "next_cursor": null})
    );
}

#[on_both]
async fn items_and_events_are_paged_by_position(api: Api) {
    let job = api.with_items(&["a", "b", "c", "d", "e"]).await;
    api.start(&job.id).await;
    for progress in 1..=3 {
        api.put(&of_job(&job.id, "/progress"), json!({"progress": progress}))
            .await
            .json(200);
    }
    for (kind, number, all) in [
        ("items", "idx", vec![0, 1, 2, 3, 4]),
        ("events", "seq", vec![1, 2, 3, 4, 5]),
    ] {
        let (mut walked, mut after) = (Vec::new(), Value::Null);
        loop {
            let from = after
                .as_i64()
                .map(|after| format!("&after={after}"))
                .unwrap_or_default();
            let page = api
                .get(&of_job(&job.id, &format!("/{kind}?limit=2{from}")))
                .await
                .json(200);
            assert_eq!(page["job_id"], job.id);
            walked.extend(
                page[kind]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row[number].as_i64().unwrap()),
            );
            after = page["next_after"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!(walked, all, "{kind}");
    }
}

#[on_both]
async fn filters_hold_together_and_counts_agree(api: Api) {
    let series = api.series("Night trains").await;
    for (title, team) in [
        ("The Fox", "red"),
        ("50 % off", "blue"),
        ("the fox again", "blue"),
    ] {
        let labels = json!({"team": team, "a/b": "x=y"});
        api.made(
            json!({"job_type": "a", "mode": "idea", "series_id": series, "project_title": title, "labels": labels}),
        )
        .await;
        api.clock.advance(TimeDelta::hours(1));
    }
    api.job_in(JobStatus::Failed).await;
    let rows = [
        ("", 4),
        ("status=queued", 3),
        ("status=failed", 1),
        ("job_type=a&mode=idea", 3),
        ("mode=script", 0),
        (&format!("series_id={series}"), 3),
        ("label=team=blue", 2),
        ("label=team=blue&label=a/b=x%3Dy", 2),
        ("label=team=blue&label=team=red", 0),
        ("q=fox", 2),
        ("q=FOX&label=team=red", 1),
        ("q=%25", 1),
        ("q=_", 0),
        ("created_after=2026-01-01T01:00:00Z", 3),
        (
            "created_after=2026-01-01T02:00:00%2B01:00&created_before=2026-01-01T02:00:00Z",
            1,
        ),
    ];
    for (query, expected) in rows {
        let page = api.get(&format!("/api/v1/jobs?{query}")).await.json(200);
        assert_eq!(page["pagination"]["total"], expected, "{query}");
        assert_eq!(page["jobs"].as_array().unwrap().len(), expected, "{query}");
        let counts = api
            .get(&format!("/api/v1/jobs/counts?{query}"))
            .await
            .json(200);
        assert_eq!(counts["total"], expected, "{query}");
        let sum = ["queued", "processing", "completed", "failed", "cancelled"]
            .map(|s| counts[s].as_u64().unwrap());
        assert_eq!(sum.iter().sum::<u64>(), expected as u64, "{query}");
    }
}

#[on_both]
async fn a_summary_leaves_the_large_fields_out(api: Api) {
    let large = ["content", "request_data", "request", "context", "result"];
    let object = json!({"a": 1});
    api.made(json!({"job_type": "a", "content": "x", "request_data": object, "context": object, "project_title": "T"}))
        .await;
    let [full, summary] = [
        api.get("/api/v1/jobs?view=full").await.json(200),
        api.get("/api/v1/jobs?view=summary").await.json(200),
    ];
    assert_eq!(full, api.get("/api/v1/jobs").await.json(200));
    let mut expected = full["jobs"][0].as_object().unwrap().clone();
    for name in large {
        assert!(expected.remove(name).is_some(), "{name}");
    }
    assert_eq!(summary["jobs"][0], Value::Object(expected));
}

#[on_both]
async fn a_kept_list_is_never_older_than_ones_own_write(api: Api) {
    let api = api.keeping().await;
    let lists = [
        "/api/v1/jobs",
        "/api/v1/jobs?status=processing",
        "/api/v1/jobs?limit=1&view=summary",
    ];
    for n in 1..=20 {
        let id = api
            .post("/api/v1/jobs", json!({"job_type": "a"}))
            .await
            .json(201)["job_id"]
            .clone();
        for list in lists {
            assert_eq!(
                api.get(list).await.json(200)["pagination"]["total"],
                if list.contains("proc") { n - 1 } else { n }
            );
            assert_eq!(api.get(list).await.json(200), api.get(list).await.json(200));
        }
        let started = api
            .post(
                &format!("/api/v1/jobs/{}/start", id.as_str().unwrap()),
                json!({}),
            )
            .await
            .json(200);
        let listed = api
            .get("/api/v1/jobs?status=processing&limit=1")
            .await
            .json(200);
        assert_eq!(
            (
                &listed["jobs"][0]["version"],
                &listed["pagination"]["total"]
            ),
            (&started["version"], &n.into())
        );
    }
}

#[on_both]
async fn what_is_written_past_callsheet_is_listed_within_a_second(api: Api) {
    let api = api.keeping().await;
    api.queued().await;
    let style = async || api.get("/api/v1/jobs").await.json(200)["jobs"][0]["style"].clone();
    while api.get("/api/v1/jobs").await.json(200)["pagination"]["total"] == 0 {}
    let raw = api.db.raw().await;
    raw.execute_unprepared("UPDATE video_generation_jobs SET style = 'changed'")
        .await
        .unwrap();
    raw.close().await.unwrap();
    let began = Instant::now();
    while style().await != "changed" {
        assert!(began.elapsed() < 3 * MAX_AGE, "older than promised");
    }
}

//! Answers that list rows end at 8 MiB, and what lists them goes on from there.

use super::face::{Api, of_job};
use crate::support::{any_job, claim};
use callsheet::jobs::{Claim, Heartbeat, ItemReport, NewItem, NewJob};
use entity::ItemStatus;
use reqwest::Method;
use serde_json::{Value, json};

const MOST: usize = 8 << 20;

/// Two thirds of a mebibyte.
fn long() -> String {
    "x".repeat(700_000)
}

async fn large_jobs(api: &Api, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let document = json!({"text": long()}).as_object().cloned();
        let (content, context) = if n % 2 == 0 {
            (Some(long()), None)
        } else {
            (None, document)
        };
        let new = NewJob {
            content,
            context,
            project_title: Some("Night train".into()),
            ..any_job()
        };
        ids.insert(0, api.create(new).await.id);
    }
    ids
}

fn ids(page: &Value) -> Vec<String> {
    page["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["job_id"].as_str().unwrap().to_owned())
        .collect()
}

#[on_both]
async fn a_page_of_jobs_ends_at_8_mib_and_its_cursor_goes_on(api: Api) {
    let all = large_jobs(&api, 25).await;
    let (mut walked, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let answer = api.get(&format!("/api/v1/jobs?limit=200{cursor}")).await;
        assert!(answer.body.len() <= MOST, "{}", answer.body.len());
        let page = answer.json(200);
        walked.extend(ids(&page));
        pages += 1;
        let next = &page["pagination"]["next_cursor"];
        assert_eq!(page["pagination"]["has_more"], next.is_string());
        assert_eq!(page["pagination"]["total"], 25);
        match next.as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((walked, pages), (all.clone(), 3));
    let summary = api
        .get("/api/v1/jobs?limit=200&view=summary")
        .await
        .json(200);
    assert_eq!(
        (ids(&summary), &summary["pagination"]["has_more"]),
        (all, &json!(false))
    );
}

#[on_both]
async fn offsets_lead_over_large_jobs_too(api: Api) {
    let all = large_jobs(&api, 14).await;
    let mut walked: Vec<String> = Vec::new();
    loop {
        let page = api
            .get(&format!("/api/v1/jobs?limit=200&offset={}", walked.len()))
            .await
            .json(200);
        walked.extend(ids(&page));
        if page["pagination"]["has_more"] == false {
            break;
        }
        assert!(walked.len() < 14);
    }
    assert_eq!(walked, all);
}

#[on_both]
async fn a_page_under_a_text_ends_at_8_mib_too(api: Api) {
    let all = large_jobs(&api, 14).await;
    for query in ["q=TRAIN&limit=200", "q=TRAIN&limit=200&offset=0"] {
        let answer = api.get(&format!("/api/v1/jobs?{query}")).await;
        assert!(answer.body.len() <= MOST, "{}", answer.body.len());
        let page = answer.json(200);
        let found = ids(&page);
        assert!(found.len() > 5 && found == all[..found.len()]);
        let next = page["pagination"]["next_cursor"].as_str().unwrap();
        let rest = api
            .get(&format!("/api/v1/jobs?q=train&limit=200&cursor={next}"))
            .await
            .json(200);
        assert_eq!(ids(&rest), all[found.len()..]);
    }
}

#[on_both]
async fn a_row_that_is_larger_comes_alone(api: Api) {
    let large = NewJob {
        content: Some("x".repeat(MOST + 1)),
        ..any_job()
    };
    let large = api.create(large).await.id;
    let small = api.create(any_job()).await.id;
    let page = api.get("/api/v1/jobs?order=created_at").await.json(200);
    assert_eq!(
        (ids(&page), &page["pagination"]["has_more"]),
        (vec![large.clone()], &json!(true))
    );
    let page = api.get("/api/v1/jobs").await.json(200);
    assert_eq!(
        (ids(&page), &page["pagination"]["has_more"]),
        (vec![small], &json!(true))
    );
    let job = api.get(&of_job(&large, "")).await.json(200);
    assert_eq!(job["content"].as_str().map(str::len), Some(MOST + 1));
}

/// The rows of all pages of a list that goes on by `next_after`.
async fn walk(api: &Api, path: &str, rows: &str) -> (Vec<Value>, usize) {
    let (mut all, mut after) = (Vec::new(), String::new());
    for pages in 1.. {
        let answer = api
            .get(&format!("{path}?limit=200{after}").replace("shots?limit=200", "shots?"))
            .await;
        assert!(answer.body.len() <= MOST, "{}", answer.body.len());
        let page = answer.json(200);
        all.extend(page[rows].as_array().unwrap().iter().cloned());
        match page["next_after"].as_i64() {
            Some(next) => after = format!("&after={next}"),
            None => return (all, pages),
        }
    }
    unreachable!()
}

#[on_both]
async fn items_events_and_shots_end_at_8_mib(api: Api) {
    let new = NewJob {
        items: (0..14)
            .map(|n| NewItem {
                key: n.to_string(),
                input: None,
            })
            .collect(),
        ..any_job()
    };
    let job = api.create(new).await;
    let claimed = api.claim_jobs(claim("w")).await.unwrap().remove(0).job;
    let token = claimed.lease_token.unwrap();
    for n in 0..14 {
        let result = Some(json!({"video_path": long()}));
        let item = ItemReport {
            key: Some(n.to_string()),
            idx: None,
            status: ItemStatus::Completed,
            result,
            error: None,
        };
        let log = vec!["l".repeat(2000); 100];
        let beat = Heartbeat {
            items: vec![item],
            log,
            ..Heartbeat::default()
        };
        api.heartbeat(&job.id, &token, beat).await.unwrap();
    }
    let (items, pages) = walk(&api, &of_job(&job.id, "/items"), "items").await;
    let positions: Vec<_> = items
        .iter()
        .map(|item| item["idx"].as_i64().unwrap())
        .collect();
    assert_eq!((positions, pages), ((0..14).collect(), 2));
    let (events, pages) = walk(&api, &of_job(&job.id, "/events"), "events").await;
    let seqs: Vec<_> = events
        .iter()
        .map(|event| event["seq"].as_i64().unwrap())
        .collect();
    assert_eq!((seqs, pages), ((1..=30).collect(), 1));
    let (shots, pages) = walk(&api, &of_job(&job.id, "/shots"), "shots").await;
    assert!(
        shots
            .iter()
            .all(|shot| shot["video_path"].as_str().map(str::len) == Some(700_000))
    );
    assert_eq!((shots.len(), pages), (14, 2));
    let whole = api.get(&of_job(&job.id, "")).await.json(200);
    let last = whole["shots_next_after"].as_i64().unwrap();
    assert_eq!(whole["shots"].as_array().unwrap().len() as i64, last + 1);
}

#[on_both]
async fn a_claim_ends_before_the_job_that_would_make_its_answer_larger(api: Api) {
    let mut all = large_jobs(&api, 14).await;
    all.reverse();
    let body = json!({"worker_id": "w", "job_types": ["idea2video"], "max_jobs": 1000});
    let mut given: Vec<String> = Vec::new();
    for _ in 0..2 {
        let answer = api.send(Method::POST, "/api/v1/claims", body.clone()).await;
        assert!(answer.body.len() <= MOST, "{}", answer.body.len());
        let jobs = answer.json(200)["jobs"].clone();
        given.extend(
            jobs.as_array()
                .unwrap()
                .iter()
                .map(|job| job["job"]["job_id"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(given, all);
    let large = api
        .create(NewJob {
            content: Some("x".repeat(MOST)),
            ..any_job()
        })
        .await
        .id;
    api.create(any_job()).await;
    let claimed = api
        .claim_jobs(Claim {
            max_jobs: 2,
            ..claim("w")
        })
        .await
        .unwrap();
    assert_eq!(
        claimed
            .iter()
            .map(|claimed| &claimed.job.id)
            .collect::<Vec<_>>(),
        [&large]
    );
    assert_eq!(
        api.claim_jobs(Claim {
            max_jobs: 2,
            ..claim("w")
        })
        .await
        .unwrap()
        .len(),
        1
    );
}

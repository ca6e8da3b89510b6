//! What the lifecycle or another caller forbids.

use super::face::{Api, Call, call, of_job, places};
use crate::support::at_once;
use entity::JobStatus::{self, Cancelled, Completed, Failed, Processing, Queued};
use reqwest::Method;
use sea_orm::Iterable;
use serde_json::{Value, json};

const VERBS: [(&str, &[JobStatus]); 5] = [
    ("start", &[Queued]),
    ("complete", &[Processing]),
    ("fail", &[Processing]),
    ("cancel", &[Queued, Processing]),
    ("retry", &[Failed, Cancelled]),
];

fn body_of(verb: &str) -> Value {
    if verb == "fail" {
        json!({"error": "broken"})
    } else {
        json!({})
    }
}

#[on_both]
async fn a_verb_moves_a_job_from_its_statuses_only(api: Api) {
    for (verb, from) in VERBS {
        for status in JobStatus::iter() {
            let id = api.job_in(status).await.id;
            let call = api.post(&of_job(&id, &format!("/{verb}")), body_of(verb));
            if from.contains(&status) {
                let job = call.await.json(200);
                assert_ne!(job["status"], status.to_string(), "{verb}");
            } else {
                let problem = api
                    .unchanged(&id, call, 409, "job_transition_illegal")
                    .await;
                assert!(
                    problem["detail"]
                        .as_str()
                        .unwrap()
                        .contains(&status.to_string()),
                    "{problem}"
                );
            }
        }
    }
}

#[on_both]
async fn a_status_in_a_patch_is_held_to_the_same_table(api: Api) {
    let moves = [
        (Queued, Processing),
        (Queued, Cancelled),
        (Failed, Queued),
        (Cancelled, Queued),
    ];
    let ends = [Completed, Failed, Cancelled].map(|to| (Processing, to));
    for (from, to) in JobStatus::iter().flat_map(|from| JobStatus::iter().map(move |to| (from, to)))
    {
        let id = api.job_in(from).await.id;
        let call = api.patch(
            &of_job(&id, ""),
            json!({"status": to.to_string(), "project_title": "New"}),
        );
        if from == to || moves.contains(&(from, to)) || ends.contains(&(from, to)) {
            let job = call.await.json(200);
            assert_eq!(
                (&job["status"], &job["project_title"]),
                (&to.to_string().into(), &"New".into())
            );
        } else {
            api.unchanged(&id, call, 409, "job_transition_illegal")
                .await;
        }
    }
    let id = api.queued().await.id;
    let problem = api.unchanged(
        &id,
        api.patch(&of_job(&id, ""), json!({"status": "running"})),
        400,
        "invalid_request",
    );
    assert_eq!(places(&problem.await), ["/status unknown_value"]);
}

#[on_both]
async fn reports_are_taken_while_processing_only(api: Api) {
    for status in [Queued, Completed, Failed, Cancelled] {
        let id = api.job_in(status).await.id;
        let rows = [
            (Method::PUT, "/progress", json!({"progress": 5})),
            (
                Method::PATCH,
                "/items",
                json!({"items": [{"key": "0", "status": "failed"}]}),
            ),
            (Method::PATCH, "", json!({"progress": 5})),
        ];
        for (method, rest, body) in rows {
            api.unchanged(
                &id,
                api.send(method, &of_job(&id, rest), body),
                409,
                "job_not_processing",
            )
            .await;
        }
    }
}

fn if_match(api: &Api, method: Method, path: &str, tag: &str, body: Value) -> Call {
    call(
        api.request(method, path)
            .header("If-Match", tag)
            .json(&body),
    )
}

#[on_both]
async fn of_two_updates_with_one_version_one_is_made(api: Api) {
    let id = api.queued().await.id;
    for version in 1..=10 {
        let update = |style: &str| {
            if_match(
                &api,
                Method::PATCH,
                &of_job(&id, ""),
                &format!("\"{version}\""),
                json!({"style": style}),
            )
        };
        let answers = at_once([
            update(&format!("Noir {version}")),
            update(&format!("Anime {version}")),
        ])
        .await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        let made = answers
            .iter()
            .find(|answer| answer.status == 200)
            .unwrap()
            .json(200);
        answers
            .iter()
            .find(|answer| answer.status == 412)
            .unwrap()
            .problem(412, "version_mismatch");
        let job = api.job(&id).await;
        assert_eq!(
            (&made["version"], &made["style"]),
            (&(version + 1).into(), &job["style"])
        );
    }
    api.whole(&id).await.assert_history_is_whole();
}

#[on_both]
async fn a_stale_version_is_refused_by_every_call(api: Api) {
    let job = api.with_items(&["0"]).await;
    let id = api.start(&job.id).await.id;
    let rows = [
        (Method::PATCH, "", json!({"style": "Noir"})),
        (Method::PUT, "/progress", json!({"progress": 5})),
        (Method::PUT, "/shots", json!({"total_shots": 5})),
        (
            Method::PATCH,
            "/items",
            json!({"items": [{"key": "0", "status": "failed"}]}),
        ),
        (Method::POST, "/start", json!({})),
        (Method::POST, "/complete", json!({})),
        (Method::POST, "/fail", json!({"error": "broken"})),
        (Method::POST, "/cancel", json!({})),
        (Method::POST, "/retry", json!({})),
        (Method::DELETE, "", json!({})),
    ];
    for (method, rest, body) in rows {
        for tag in ["\"1\"", "\"3\"", "W/\"2\"", "\"x\"", ""] {
            let call = if_match(&api, method.clone(), &of_job(&id, rest), tag, body.clone());
            let problem = api.unchanged(&id, call, 412, "version_mismatch").await;
            assert!(
                problem["detail"].as_str().unwrap().contains("version 2"),
                "{problem}"
            );
        }
        let call = if_match(&api, method.clone(), &of_job(&id, rest), "2", body.clone());
        let problem = api.unchanged(&id, call, 400, "invalid_request").await;
        assert_eq!(places(&problem), ["If-Match invalid_header"]);
    }
}

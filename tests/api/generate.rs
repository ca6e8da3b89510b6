//! Starting a video as older clients do it: their fields, their defaults, their 200.

use super::face::{Api, places};
use entity::JobStatus;
use serde_json::{Value, json};

const IDEA: &str = "A fox learns to ride the night train home";
const SCRIPT: &str =
    "EXT. LIGHTHOUSE - DAWN. Waves break on the rocks. The keeper climbs the stair.";

/// The answer of the call has the members that older clients read, no more and no less, and matches
/// the job.
async fn generated(api: &Api, kind: &str, body: Value) -> Value {
    let answer = api
        .post(&format!("/api/v1/generate/{kind}"), body)
        .await
        .json(200);
    let names: Vec<_> = answer
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        ["created_at", "job_id", "message", "status", "working_dir"]
    );
    assert_eq!(answer["status"], "queued");
    assert!(
        answer["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    );
    let job = api.job(answer["job_id"].as_str().unwrap()).await;
    for name in ["job_id", "status", "created_at", "working_dir"] {
        assert_eq!(job[name], answer[name], "{name}");
    }
    assert_eq!(job["job_type"], kind);
    job
}

#[on_both]
async fn an_idea_alone_is_enough(api: Api) {
    let job = generated(&api, "idea2video", json!({"idea": IDEA})).await;
    assert_eq!(
        (&job["mode"], &job["content"], &job["project_title"]),
        (&"idea".into(), &IDEA.into(), &Value::Null)
    );
    let requirement =
        "For adults, do not exceed 3 scenes. Each scene should be no more than 5 shots.";
    assert_eq!(
        (&job["user_requirement"], &job["style"]),
        (&requirement.into(), &"Cartoon style".into())
    );
    let id = job["job_id"].as_str().unwrap();
    assert_eq!(job["working_dir"], format!(".working_dir/idea2video/{id}"));
}

#[on_both]
async fn a_script_alone_is_enough(api: Api) {
    let job = generated(&api, "script2video", json!({"script": SCRIPT})).await;
    assert_eq!(
        (&job["mode"], &job["content"]),
        (&"script".into(), &SCRIPT.into())
    );
    let requirement = "Fast-paced with no more than 15 shots.";
    assert_eq!(
        (&job["user_requirement"], &job["style"]),
        (&requirement.into(), &"Anime Style".into())
    );
}

#[on_both]
async fn what_the_client_says_is_kept(api: Api) {
    for (kind, field, text) in [
        ("idea2video", "idea", IDEA),
        ("script2video", "script", SCRIPT),
    ] {
        let said = json!({field: text, "user_requirement": "Short", "style": "Noir", "project_title": "Night train"});
        let job = generated(&api, kind, said.clone()).await;
        assert_eq!(job["request_data"], said);
        for name in ["user_requirement", "style", "project_title"] {
            assert_eq!(job[name], said[name], "{name}");
        }
    }
}

#[on_both]
async fn what_is_too_short_is_refused_by_name(api: Api) {
    for (kind, field, least) in [("idea2video", "idea", 10), ("script2video", "script", 50)] {
        let path = format!("/api/v1/generate/{kind}");
        let problem = api
            .post(&path, json!({field: "é".repeat(least - 1)}))
            .await
            .problem(400, "invalid_request");
        assert_eq!(places(&problem), [format!("/{field} too_short")]);
        let problem = api
            .post(&path, json!({"style": "Noir"}))
            .await
            .problem(400, "invalid_request");
        assert_eq!(places(&problem), [format!("/{field} required")]);
        api.post(&path, json!({field: "é".repeat(least)}))
            .await
            .json(200);
    }
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        2
    );
}

#[on_both]
async fn a_client_that_repeats_with_its_key_gets_its_first_answer(api: Api) {
    let call = |idea: &str| {
        let request = api.request(reqwest::Method::POST, "/api/v1/generate/idea2video");
        super::face::call(
            request
                .header("Idempotency-Key", "night train 1")
                .json(&json!({"idea": idea})),
        )
    };
    let first = call(IDEA).await.json(200);
    let id = first["job_id"].as_str().unwrap();
    assert_eq!(api.start(id).await.status, JobStatus::Processing);
    assert_eq!(call(IDEA).await.json(200), first);
    call("Another idea altogether")
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(
        api.get("/api/v1/jobs").await.json(200)["pagination"]["total"],
        1
    );
}

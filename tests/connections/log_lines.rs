//! The lines of the log: which fields they have, and what they never have.

use super::{PATIENCE, served};
use serde_json::{Value, json};
use tokio::time::timeout;

/// The next line for which `wanted` holds, which has to be JSON.
async fn line(served: &mut super::Served, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let line = timeout(PATIENCE, served.server.lines.recv()).await;
        let line = line.expect("a line").unwrap();
        if !line.starts_with('{') {
            continue;
        }
        assert!(!line.contains("the secret idea"), "a body in {line}");
        assert!(!line.contains("hush"), "a token in {line}");
        let line: Value = serde_json::from_str(&line).expect(&line);
        if wanted(&line) {
            return line;
        }
    }
}

async fn of_operation(served: &mut super::Served, operation: &str) -> Value {
    line(served, |line| line["operation"] == operation).await
}

async fn post(served: &super::Served, path: &str, body: Value) -> Value {
    let answer = served.server.client.post(served.server.at(path));
    let answer = answer.header("x-request-id", "r-1").json(&body).send();
    answer.await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_request_and_an_ended_job_have_a_line_with_their_ids_and_times() {
    let arguments = ["--log-format", "json", "--log", "callsheet=debug"];
    let mut served = served(&arguments).await;
    let new = json!({"job_type": "idea2video", "content": "the secret idea",
        "project_title": "a\nlevel=error\u{1b}[2J"});
    let job = post(&served, "/api/v1/jobs", new).await;
    let id = job["job_id"].as_str().unwrap().to_owned();
    let created = of_operation(&mut served, "create_job").await;
    assert_eq!(created["request_id"], "r-1");
    assert_eq!(created["job_id"], id);
    assert_eq!(
        (&created["status"], &created["level"]),
        (&json!(201), &json!("debug"))
    );
    assert!(created["ms"].as_f64().unwrap() > 0.0, "{created}");

    let claim = json!({"worker_id": "worker-1", "job_types": ["idea2video"], "lease_seconds": 60});
    let claims = post(&served, "/api/v1/claims", claim).await;
    let claimed = of_operation(&mut served, "claim_jobs").await;
    assert_eq!(claimed["worker_id"], "worker-1");
    assert_eq!(claimed["job_id"], id);

    let token = claims["jobs"][0]["lease"]["token"].as_str().unwrap();
    let path = format!("/api/v1/jobs/{id}/complete");
    post(&served, &path, json!({"lease_token": "hush"})).await;
    let refused = of_operation(&mut served, "mark_completed").await;
    assert_eq!(
        (&refused["status"], &refused["job_id"]),
        (&json!(409), &json!(id))
    );
    post(&served, &path, json!({"lease_token": token})).await;
    let ended = line(&mut served, |line| line["message"] == "job ended").await;
    assert_eq!(
        (&ended["level"], &ended["status"]),
        (&json!("info"), &json!("completed"))
    );
    assert_eq!(ended["job_id"], id);
    assert_eq!(ended["job_type"], "idea2video");
    assert_eq!(ended["worker_id"], "worker-1");
    for seconds in ["wait_seconds", "run_seconds", "total_seconds"] {
        assert!(ended[seconds].as_f64().is_some(), "{seconds} in {ended}");
    }
    let completed = of_operation(&mut served, "mark_completed").await;
    assert_eq!(
        (&completed["status"], &completed["worker_id"]),
        (&json!(200), &json!("worker-1"))
    );
    assert!(
        !completed.to_string().contains(token),
        "a token in {completed}"
    );
}

#[tokio::test]
async fn a_path_that_forges_a_line_is_escaped() {
    let mut served = served(&["--log-format", "json", "--log", "callsheet=debug"]).await;
    let path = "/api/v1/jobs/%0a%1b%5b2Jforged";
    let answer = served.server.client.get(served.server.at(path)).send();
    assert_eq!(answer.await.unwrap().status(), 404);
    let line = line(&mut served, |line| line["status"] == 404).await;
    let steers = |c: char| c.is_control();
    assert!(!line.to_string().contains(steers), "{line}");
}

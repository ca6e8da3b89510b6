//! The same work over HTTP, with the released server as a process of its own.

use crate::speed::Took;
use serde_json::{Value, json};
use std::{
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

pub async fn through(url: &str, jobs: usize, batch: usize) -> Took {
    let mut server = Command::new(env!("CARGO_BIN_EXE_callsheet"))
        .args(["serve", "--listen", "127.0.0.1:0", "--max-body-bytes", "16777216", "--database-url", url])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("it says where it listens");
    let api = format!("{}/api/v1", line.rsplit(' ').next().unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |path: &str, body: &Value| -> Value {
        let answer = client.post(format!("{api}{path}")).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    };
    let job = |n: usize| {
        json!({
            "job_type": "bench", "content": format!("Idea {n}: a fox learns to ride the night train home"),
            "project_title": "Night train",
        })
    };
    let began = Instant::now();
    for first in (0..jobs).step_by(batch) {
        post("/jobs/bulk", &json!({"jobs": (first..jobs.min(first + batch)).map(job).collect::<Vec<_>>()})).await;
    }
    let create = began.elapsed();
    let (mut claim, mut complete, mut done) = (Duration::ZERO, Duration::ZERO, 0);
    let ask = json!({"worker_id": "bench", "job_types": ["bench"], "max_jobs": batch, "lease_seconds": 600});
    while done < jobs {
        let began = Instant::now();
        let claimed = post("/claims", &ask).await;
        claim += began.elapsed();
        let outcome = |job: &Value| json!({"job_id": job["job"]["job_id"], "lease_token": job["lease"]["token"], "outcome": "completed"});
        let outcomes: Vec<_> = claimed["jobs"].as_array().unwrap().iter().map(outcome).collect();
        done += outcomes.len();
        let began = Instant::now();
        post("/outcomes", &json!({"outcomes": outcomes})).await;
        complete += began.elapsed();
    }
    server.kill().await.unwrap();
    Took { create, claim, complete }
}

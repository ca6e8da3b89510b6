//! Servers behind PgBouncer in transaction mode, which shares few connections to PostgreSQL among
//! all of theirs.

use crate::{
    cli::run::Desk,
    support::{Backend, Patience, PgBouncer, Server, TestDb, at_once, run},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

const CLIENTS: usize = 32;

async fn post(server: &Caller, path: &str, body: Value) -> Value {
    let answer = server.client.post(format!("{}{path}", server.url));
    let answer = answer.json(&body).send().await.unwrap();
    let status = answer.status();
    let answer: Value = answer.json().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

async fn get(server: &Caller, path: &str) -> Value {
    let answer = server.client.get(format!("{}{path}", server.url));
    answer.send().await.unwrap().json().await.unwrap()
}

#[derive(Clone)]
struct Caller {
    client: reqwest::Client,
    url: String,
}

impl Caller {
    fn of(server: &Server) -> Self {
        Self {
            client: server.client.clone(),
            url: server.url.clone(),
        }
    }
}

/// Creates a job, claims any, and completes it.
async fn work(server: Caller, n: usize) {
    let own = format!("type{n}");
    for _ in 0..4 {
        post(&server, "/api/v1/jobs", json!({"job_type": own})).await;
        let claim = json!({"worker_id": format!("w{n}"), "job_types": [own]});
        let claimed = post(&server, "/api/v1/claims", claim).await;
        let job = &claimed["jobs"][0];
        let id = job["job"]["job_id"].as_str().expect("a job");
        let end = json!({"lease_token": job["lease"]["token"], "result": {"n": n}});
        post(&server, &format!("/api/v1/jobs/{id}/complete"), end).await;
        let read = get(&server, &format!("/api/v1/jobs/{id}")).await;
        assert_eq!(read["status"], "completed", "{read}");
    }
}

/// Waits until a job that the other server makes is on the stream of this one.
async fn hears(stream: &mut reqwest::Response, id: &str) {
    let mut text = String::new();
    let heard = async {
        while !text.contains(id) {
            let piece = stream.chunk().await.unwrap().expect("the stream goes on");
            text += &String::from_utf8_lossy(&piece);
        }
    };
    timeout(Duration::from_secs(30), heard).await.expect("news");
}

async fn everything_works_behind(db: TestDb) {
    let pooler = PgBouncer::before(&db.url).await;
    let args = ["--statement-cache", "0", "--listen-url", &db.url];
    let (first, second) = (
        Server::start_with(&pooler.url, &args).await,
        Server::start_with(&pooler.url, &args).await,
    );
    let (one, two) = (Caller::of(&first), Caller::of(&second));
    let stream = two.client.get(format!("{}/api/v1/events/stream", two.url));
    let mut stream = stream.send().await.unwrap();
    let made = post(&one, "/api/v1/jobs", json!({"job_type": "news"})).await;
    hears(&mut stream, made["job_id"].as_str().unwrap()).await;
    let callers = [one.clone(), two.clone()];
    at_once((0..CLIENTS).map(|n| work(callers[n % 2].clone(), n))).await;
    let jobs: Vec<Value> = (0..200).map(|_| json!({"job_type": "bulk"})).collect();
    post(&one, "/api/v1/jobs/bulk", json!({"jobs": jobs})).await;
    let cancel = json!({"action": "cancel", "filter": {"job_type": "bulk"}});
    let action = post(&two, "/api/v1/jobs/actions", cancel).await;
    let path = format!("/api/v1/actions/{}", action["action_id"].as_str().unwrap());
    let patience = Patience::begin();
    while get(&one, &path).await["status"] == "running" {
        patience.pause("the action ends").await;
    }
    let counts = get(&one, "/api/v1/jobs/counts").await;
    assert_eq!(counts["completed"], CLIENTS * 4, "{counts}");
    assert_eq!(counts["cancelled"], 200, "{counts}");
    let health = get(&one, "/health").await;
    assert_eq!(health["servers"]["live"], 2, "{health}");
    assert_eq!(health["status"], "ok", "{health}");
    assert_eq!(first.stop("TERM").await.code(), Some(0));
    assert_eq!(second.stop("TERM").await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_work_through_a_pooler_in_transaction_mode() {
    run(Backend::Postgres, everything_works_behind).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_transaction_mode_is_refused_without_the_settings_for_it() {
    run(Backend::Postgres, |db: TestDb| async move {
        let pooler = PgBouncer::before(&db.url).await;
        let desk = Desk::new().with("CALLSHEET_DATABASE_URL", &pooler.url);
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        let alone = [&serve[..], &["--statement-cache", "0"]].concat();
        let sentence = desk.fails(2, &alone).await;
        assert!(sentence.contains("--listen-url"), "{sentence}");
    })
    .await;
}

//! How fast jobs are created, claimed and completed, beside the same statements without Callsheet,
//! and what a claim costs in a large history. Run by benches/claim, which starts what this needs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that breaks says where"
)]

#[path = "claims/check.rs"]
mod check;
#[path = "claims/history.rs"]
mod history;
#[path = "claims/http.rs"]
mod http;
#[path = "claims/speed.rs"]
mod speed;
#[path = "claims/work.rs"]
mod work;

use callsheet::{
    clock::SystemClock,
    db::{
        Database, Observer, Options,
        migrate::{Change, migrate},
    },
    jobs::{Claim, JobManager},
    random::SystemRandom,
};
use std::{collections::HashMap, path::PathBuf, sync::Arc};

pub struct Arguments {
    pub jobs: usize,
    pub batch: usize,
    /// That claim and complete at once.
    pub workers: usize,
    pub finished: u64,
    pub queued: u64,
    pub work: PathBuf,
    /// Ends in a slash.
    pub postgres: String,
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let given: HashMap<&str, &str> = words
        .chunks_exact(2)
        .map(|pair| (pair[0].as_str(), pair[1].as_str()))
        .collect();
    // `cargo bench` says that it is one.
    let Some(postgres) = given.get("--postgres") else {
        return println!("run benches/claim");
    };
    let number = |name: &str| given[name].parse().expect(name);
    let arguments = Arguments {
        jobs: usize::try_from(number("--jobs")).unwrap(),
        batch: usize::try_from(number("--batch")).unwrap(),
        workers: usize::try_from(number("--workers")).unwrap(),
        finished: number("--finished"),
        queued: number("--queued"),
        work: given["--work"].into(),
        postgres: (*postgres).to_owned(),
    };
    std::fs::create_dir_all(&arguments.work).unwrap();
    for backend in ["SQLite", "PostgreSQL"] {
        match given["--only"] {
            "peer" => speed::measure_as_peer(&arguments, backend).await,
            "speed" => speed::measure(&arguments, backend).await,
            "history" => history::measure(&arguments, backend).await,
            _ => {
                speed::measure(&arguments, backend).await;
                history::measure(&arguments, backend).await;
            }
        }
    }
    std::fs::remove_dir_all(&arguments.work).unwrap();
}

/// The URL of a new database, migrated.
pub async fn fresh(arguments: &Arguments, backend: &str, name: &str) -> String {
    let url = match backend {
        "SQLite" => {
            let file = arguments.work.join(format!("{name}.db"));
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", file.display()));
            }
            format!("sqlite://{}", file.display())
        }
        _ => {
            use sea_orm::ConnectionTrait;
            let server = sea_orm::Database::connect(format!("{}postgres", arguments.postgres))
                .await
                .unwrap();
            for sql in [
                format!("DROP DATABASE IF EXISTS bench_{name}"),
                format!("CREATE DATABASE bench_{name}"),
            ] {
                server.execute_unprepared(&sql).await.unwrap();
            }
            server.close().await.unwrap();
            format!("{}bench_{name}", arguments.postgres)
        }
    };
    let db = Database::connect(&Options::new(&url)).await.unwrap();
    migrate(&db, Change::Up { limit: None }).await.unwrap();
    db.close().await.unwrap();
    url
}

pub async fn manager(url: &str, observer: Option<Observer>) -> JobManager {
    let options = Options {
        observer,
        ..Options::new(url)
    };
    JobManager::new(
        Database::connect(&options).await.unwrap(),
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    )
}

pub fn claim(max_jobs: usize) -> Claim {
    Claim {
        worker_id: "bench".into(),
        job_types: vec!["bench".into()],
        max_jobs: u32::try_from(max_jobs).unwrap(),
        lease_seconds: 600,
        wait_seconds: 0,
        host: None,
        version: None,
        call_id: None,
        job_tokens: false,
    }
}

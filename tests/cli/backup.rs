//! `callsheet backup` and `callsheet restore`, and the backups of a server.

use super::run::Desk;
use crate::support::{Backend, Fixture, Patience, Server, TestDb};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs};

/// Creates a job and returns its id.
async fn create(server: &Server, id: &str) {
    let body = json!({"job_id": id, "job_type": "film", "content": "ten words"});
    let answer = server
        .client
        .post(server.at("/api/v1/jobs"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201, "{id}");
}

async fn get(server: &Server, path: &str) -> Value {
    let answer = server.client.get(server.at(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let call = server.client.post(server.at(path)).json(&body);
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Exported jobs by their ids.
async fn exported(db: &TestDb) -> BTreeMap<String, Value> {
    let lines = Desk::at(db).done(&["export"]).await;
    let jobs = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    jobs.map(|job: Value| (job["job_id"].as_str().unwrap().to_owned(), job))
        .collect()
}

/// Name of a backup of this kind of database.
fn name(db: &TestDb) -> &'static str {
    match db.backend {
        Backend::Sqlite => "all.db.zst",
        Backend::Postgres => "all.dump",
    }
}

#[on_both]
async fn a_backup_that_is_made_while_jobs_come_in_is_one_state_and_restores_to_it(db: TestDb) {
    let server = Server::start(&db.url).await;
    for n in 0..20 {
        create(&server, &format!("before-{n}")).await;
    }
    let desk = Desk::at(&db);
    let file = desk.path(name(&db)).display().to_string();
    let more = async {
        for n in 0..40 {
            create(&server, &format!("during-{n:02}")).await;
        }
    };
    let backup = ["backup", &file];
    let ((), made) = tokio::join!(more, desk.run(&backup));
    assert!(made.err.starts_with("Backup made: "), "{made:?}");
    made.done();
    server.stop("TERM").await;
    let other = TestDb::empty(db.backend).await;
    let restored = Desk::at(&other).run(&["restore", &file]).await;
    assert!(restored.err.starts_with("Restored into "), "{restored:?}");
    restored.done();
    let (all, copied) = (exported(&db).await, exported(&other).await);
    assert!(copied.len() >= 20 && copied.len() <= 60);
    for (id, job) in &copied {
        assert_eq!(job, &all[id], "{id}");
    }
    // The backup is one state: if it holds a job, it holds all jobs that were created before it.
    let during = copied.len() - 20;
    let expected: Vec<_> = (0..during).map(|n| format!("during-{n:02}")).collect();
    let found: Vec<_> = copied
        .keys()
        .filter(|id| id.starts_with("during"))
        .collect();
    assert!(found.into_iter().eq(&expected));
    other.tear_down().await;
}

#[on_both]
async fn jobs_of_the_time_of_the_backup_are_rendered_again_only_as_told(db: TestDb) {
    let server = Server::start(&db.url).await;
    create(&server, "film").await;
    let claim = json!({"worker_id": "w", "job_types": ["film"]});
    let (status, claimed) = post(&server, "/api/v1/claims", claim.clone()).await;
    assert_eq!(
        (status, claimed["jobs"].as_array().unwrap().len()),
        (200, 1),
        "{claimed}"
    );
    let desk = Desk::at(&db);
    let file = desk.path(name(&db)).display().to_string();
    desk.done(&["backup", &file]).await;
    server.stop("TERM").await;
    for (policy, status) in [
        ("keep", "processing"),
        ("fail", "failed"),
        ("requeue", "queued"),
    ] {
        let other = TestDb::empty(db.backend).await;
        let restored = Desk::at(&other)
            .run(&["restore", &file, "--interrupted", policy])
            .await;
        assert!(
            restored.err.contains("1 job that was processing"),
            "{restored:?}"
        );
        restored.done();
        let server = Server::start(&other.url).await;
        let job = get(&server, "/api/v1/jobs/film").await;
        assert_eq!(job["status"], status, "{policy}: {job}");
        assert_eq!(job["lease_expires_at"], Value::Null);
        let token = claimed["jobs"][0]["lease"]["token"].clone();
        let late = json!({"lease_token": token, "result": {}});
        let (refused, _) = post(&server, "/api/v1/jobs/film/complete", late).await;
        assert_eq!(refused, 409, "{policy}");
        let (_, again) = post(&server, "/api/v1/claims", claim.clone()).await;
        let handed_out = again["jobs"].as_array().unwrap().len();
        assert_eq!(handed_out, usize::from(policy == "requeue"), "{policy}");
        server.stop("TERM").await;
        other.tear_down().await;
    }
}

#[on_both]
async fn a_stream_from_behind_the_backup_begins_again(db: TestDb) {
    let server = Server::start(&db.url).await;
    create(&server, "kept").await;
    let desk = Desk::at(&db);
    let file = desk.path(name(&db)).display().to_string();
    desk.done(&["backup", &file]).await;
    for n in 0..3 {
        create(&server, &format!("lost-{n}")).await;
    }
    let events = get(&server, "/api/v1/jobs/lost-2/events").await;
    let seen = events["events"][0]["position"].clone();
    server.stop("TERM").await;
    let other = TestDb::empty(db.backend).await;
    Desk::at(&other).done(&["restore", &file]).await;
    let server = Server::start(&other.url).await;
    for n in 0..5 {
        create(&server, &format!("new-{n}")).await;
    }
    let seen = seen
        .as_str()
        .map_or_else(|| seen.to_string(), str::to_owned);
    let path = format!("/api/v1/events/stream?after={seen}");
    let mut stream = server.client.get(server.at(&path)).send().await.unwrap();
    let mut text = String::new();
    while !text.contains("event: snapshot") {
        text += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
    }
    assert!(text.contains("position_unknown"), "{text}");
    drop(stream);
    server.stop("TERM").await;
    other.tear_down().await;
}

#[on_both]
async fn what_cannot_be_backed_up_or_restored_is_refused_and_nothing_is_changed(db: TestDb) {
    let server = Server::start(&db.url).await;
    create(&server, "film").await;
    let desk = Desk::at(&db);
    let there = desk.file("there.db", "mine");
    let sentence = desk.fails(1, &["backup", &there]).await;
    assert!(sentence.contains("exists already"), "{sentence}");
    assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
    let nowhere = desk.path("nowhere/all.db").display().to_string();
    assert!(
        desk.fails(1, &["backup", &nowhere])
            .await
            .contains("cannot be written")
    );
    let good = desk.path(name(&db)).display().to_string();
    desk.done(&["backup", &good]).await;
    // Into a database that is there.
    let sentence = desk.fails(1, &["restore", &good]).await;
    let why = match db.backend {
        Backend::Sqlite => "say --replace",
        Backend::Postgres => "has tables already",
    };
    assert!(sentence.contains(why), "{sentence}");
    let sentence = desk.fails(1, &["restore", &good, "--replace"]).await;
    let why = match db.backend {
        Backend::Sqlite => "is in use",
        Backend::Postgres => "--replace is for SQLite files",
    };
    assert!(sentence.contains(why), "{sentence}");
    // Of something else, or of half a file.
    let other = TestDb::empty(db.backend).await;
    let elsewhere = Desk::at(&other);
    let whole = fs::read(&good).unwrap();
    let half = desk.path(&format!("half-{}", name(&db)));
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    for file in [
        there,
        half.display().to_string(),
        desk.path("none").display().to_string(),
    ] {
        elsewhere.fails(1, &["restore", &file]).await;
    }
    elsewhere.done(&["restore", &good]).await;
    assert_eq!(exported(&other).await.len(), 1);
    assert_eq!(get(&server, "/api/v1/jobs/film").await["status"], "queued");
    server.stop("TERM").await;
    other.tear_down().await;
}

#[tokio::test]
async fn an_earlier_file_stays_beside_the_restored_one() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    let desk = Desk::at(&db);
    let file = desk.path("all.db").display().to_string();
    desk.done(&["backup", &file]).await;
    let server = Server::start(&db.url).await;
    create(&server, "later").await;
    server.kill().await;
    let restored = desk.run(&["restore", &file, "--replace"]).await;
    let kept = restored.err.rsplit(' ').next().unwrap().trim().to_owned();
    assert!(kept.contains(".before-restore-"), "{restored:?}");
    restored.done();
    assert!(exported(&db).await.is_empty());
    let earlier = Desk::new().with("CALLSHEET_DATABASE_URL", &format!("sqlite://{kept}"));
    assert!(earlier.done(&["export"]).await.contains("\"later\""));
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_no_file_of_its_name() {
    let db = TestDb::migrated(Backend::Sqlite).await;
    let server = Server::start(&db.url).await;
    let jobs: Vec<_> = (0..100)
        .map(|n| json!({"job_id": format!("film-{n}"), "job_type": "film", "content": "word ".repeat(1800)}))
        .collect();
    for part in 0..30 {
        let jobs: Vec<_> = jobs
            .iter()
            .map(|job| {
                let mut job = job.clone();
                job["job_id"] = json!(format!("{}-{part}", job["job_id"].as_str().unwrap()));
                job
            })
            .collect();
        assert_eq!(
            post(&server, "/api/v1/jobs/bulk", json!({"jobs": jobs}))
                .await
                .0,
            200
        );
    }
    let desk = Desk::at(&db);
    let file = desk.path("all.db.zst");
    let mut killed = desk
        .command(&["backup", &file.display().to_string()])
        .spawn()
        .unwrap();
    let patience = Patience::begin();
    while fs::read_dir(desk.path("")).unwrap().count() == 0 {
        patience.pause("a file under a temporary name").await;
    }
    killed.kill().await.unwrap();
    assert!(!file.exists());
    desk.done(&["backup", &file.display().to_string()]).await;
    server.stop("TERM").await;
}

#[on_both]
async fn a_server_makes_backups_by_itself_and_on_request_and_keeps_the_newest(db: TestDb) {
    let desk = Desk::at(&db);
    let folder = desk.path("backups");
    fs::create_dir(&folder).unwrap();
    let old = match db.backend {
        Backend::Sqlite => "callsheet-20200101T000000000Z.db.zst",
        Backend::Postgres => "callsheet-20200101T000000000Z.dump",
    };
    fs::write(folder.join(old), "old").unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    let dir = folder.display().to_string();
    let args = [
        "--backup-dir",
        &dir,
        "--backup-every",
        "6h",
        "--backup-keep",
        "1",
    ];
    let server = Server::start_with(&db.url, &args).await;
    let patience = Patience::begin();
    // The loop makes the first at once, since the newest is older than six hours.
    while folder.join(old).exists() {
        patience.pause("the first backup").await;
    }
    let listed = get(&server, "/api/v1/backups").await;
    let backups = listed["backups"].as_array().unwrap();
    assert_eq!(backups.len(), 1, "{listed}");
    assert!(backups[0]["bytes"].as_u64().unwrap() > 1000, "{listed}");
    assert!(folder.join("notes.txt").exists());
    let first = backups[0]["name"].as_str().unwrap().to_owned();
    // Two at once are made one after the other.
    let made = tokio::join!(
        post(&server, "/api/v1/backups", Value::Null),
        post(&server, "/api/v1/backups", Value::Null),
    );
    for (status, made) in [&made.0, &made.1] {
        assert_eq!(*status, 200, "{made}");
        assert_ne!(made["name"], first.as_str());
    }
    assert_ne!(made.0.1["name"], made.1.1["name"]);
    let listed = get(&server, "/api/v1/backups").await;
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1, "{listed}");
    server.stop("TERM").await;
    let without = Server::start(&db.url).await;
    let (status, refusal) = post(&without, "/api/v1/backups", Value::Null).await;
    assert_eq!(
        (status, &refusal["code"]),
        (409, &json!("no_backup_folder"))
    );
    without.stop("TERM").await;
    for (args, why) in [
        (vec!["--backup-every", "6h"], "name the folder"),
        (
            vec!["--backup-dir", &dir, "--backup-every=-1d"],
            "without a minus",
        ),
        (
            vec!["--backup-dir", &dir, "--backup-every", "1s"],
            "at least 1m",
        ),
        (
            vec!["--backup-dir", &dir, "--backup-keep", "0"],
            "at least 1",
        ),
        (
            vec!["--backup-dir", "/nowhere"],
            "there is no such folder as /nowhere",
        ),
    ] {
        let sentence = desk.fails(2, &[vec!["serve"], args].concat()).await;
        assert!(sentence.contains(why), "{sentence}");
    }
}

//! `callsheet serve`: what it says, and what it does with the schema.

use super::run::{Desk, Said};
use crate::support::{Server, TestDb};
use migration::{Migrator, MigratorTrait};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

/// Runs the command until it has said where its docs are, then stops it. Answers with all that it
/// said.
async fn brief(mut command: Command) -> Said {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut out = String::new();
    while !out.contains("docs ") {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("it says where its docs are");
        out.push_str(&format!("{line}\n"));
    }
    let pid = child.id().unwrap().to_string();
    // The warning follows what it says, and is written before the first request can be answered.
    let url = out
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap()
        .replace("0.0.0.0", "127.0.0.1");
    let health = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(format!("{url}/health/live"))
        .send()
        .await;
    assert_eq!(health.unwrap().status(), 200);
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .await
        .unwrap();
    Said {
        code: child.wait().await.unwrap().code().expect("an exit code"),
        out,
        err,
    }
}

#[on_both]
async fn it_says_where_it_listens_which_database_and_where_the_docs_are(db: TestDb) {
    let url = db.url.replace("callsheet@", "callsheet:secret@");
    let said =
        brief(Desk::new().command(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]))
            .await;
    assert_eq!(said.code, 0);
    let lines: Vec<_> = said.out.lines().collect();
    assert!(lines[0].starts_with(&format!(
        "Callsheet {} listens on http://127.0.0.1:",
        env!("CARGO_PKG_VERSION")
    )));
    assert!(lines[1].trim_start().starts_with("database "), "{lines:?}");
    let name = db.url.rsplit('/').next().unwrap();
    assert!(
        lines[1].ends_with(name) || lines[1].contains(".db"),
        "{lines:?}"
    );
    assert!(
        lines[2].trim_start().starts_with("docs ") && lines[2].ends_with("/docs"),
        "{lines:?}"
    );
    assert!(
        !said.out.contains("secret") && !said.err.contains("secret"),
        "{said:?}"
    );
    assert!(!said.err.contains("warning"), "{said:?}");
}

#[on_both]
async fn a_wide_address_is_warned_of_in_one_line(db: TestDb) {
    let said = brief(Desk::at(&db).command(&["serve", "--listen", "0.0.0.0:0", "--no-auth"])).await;
    let warnings: Vec<_> = said
        .err
        .lines()
        .filter(|line| line.contains("nothing authenticates"))
        .collect();
    assert_eq!(warnings.len(), 1, "{said:?}");
    assert!(warnings[0].starts_with("warning: 0.0.0.0:"), "{warnings:?}");
    assert_eq!(said.code, 0);
}

#[on_both]
async fn it_is_the_default_command(db: TestDb) {
    let said = brief(
        Desk::at(&db)
            .with("CALLSHEET_LISTEN", "127.0.0.1:0")
            .command(&[]),
    )
    .await;
    assert_eq!(said.code, 0);
    let said = brief(Desk::at(&db).command(&["--listen", "127.0.0.1:0", "--log", "off"])).await;
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[on_both]
async fn no_migrate_leaves_the_schema_as_it_is(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up", "--steps", "1"]).await;
    let said = brief(desk.command(&["serve", "--no-migrate", "--listen", "127.0.0.1:0"])).await;
    assert!(said.err.contains("callsheet migrate up"), "{said:?}");
    let pending = |status: String| {
        status
            .lines()
            .filter(|line| line.starts_with("pending "))
            .count()
    };
    assert_eq!(
        pending(desk.done(&["migrate", "status"]).await),
        Migrator::migrations().len() - 1
    );
    brief(desk.command(&["serve", "--listen", "127.0.0.1:0"])).await;
    assert_eq!(pending(desk.done(&["migrate", "status"]).await), 0);
}

#[on_both]
async fn no_migrate_refuses_a_database_without_tables(db: TestDb) {
    let serve = ["serve", "--no-migrate", "--listen", "127.0.0.1:0"];
    let desk = Desk::at(&db);
    // The file is there, as after a `migrate reset`.
    desk.done(&["migrate", "up", "--steps", "1"]).await;
    desk.done(&["migrate", "reset", "--yes"]).await;
    let sentence = desk.fails(1, &serve).await;
    assert!(
        sentence.contains("has no tables of Callsheet") && sentence.contains("migrate up"),
        "{sentence}"
    );
}

#[on_both]
async fn an_address_that_is_taken_is_refused_with_its_flag(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (listen, metrics, flag) in [
        (&*address, "127.0.0.1:0", "with --listen"),
        ("127.0.0.1:0", &*address, "with --metrics-listen"),
    ] {
        let serve = ["serve", "--listen", listen, "--metrics-listen", metrics];
        let sentence = desk.fails(1, &serve).await;
        assert!(sentence.ends_with(flag), "{sentence}");
    }
}

#[on_both]
async fn a_job_that_is_answered_over_http_is_shown_by_the_command_line(db: TestDb) {
    let server = Server::start(&db.url).await;
    let body = serde_json::json!({"job_type": "a", "job_id": "mine"});
    let answer = server
        .client
        .post(server.at("/api/v1/jobs"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    let desk = Desk::at(&db);
    assert_eq!(
        desk.json(&["jobs", "get", "mine", "--json"]).await["status"],
        "queued"
    );
    desk.done(&["jobs", "cancel", "mine"]).await;
    let job = server
        .client
        .get(server.at("/api/v1/jobs/mine"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        job.json::<serde_json::Value>().await.unwrap()["status"],
        "cancelled"
    );
    server.kill().await;
}

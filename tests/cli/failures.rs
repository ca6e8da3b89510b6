//! What cannot be done is told in one sentence, with an exit code, and without a password.

use super::run::{Desk, Said};
use crate::support::{TestDb, callsheet};
use std::{net::TcpListener, process::Stdio};

/// The sentence has to hold all of these.
#[track_caller]
fn tells(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
}

const LIST: [&str; 2] = ["jobs", "list"];

async fn list_at(url: &str, code: i32) -> String {
    Desk::new()
        .with("CALLSHEET_DATABASE_URL", url)
        .fails(code, &LIST)
        .await
}

#[tokio::test]
async fn a_database_that_is_a_folder_cannot_be_opened() {
    let desk = Desk::new();
    let url = format!("sqlite://{}", desk.path("").display());
    for command in [
        &LIST[..],
        &["migrate", "up"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let args = [command, &["--database-url", &url]].concat();
        tells(
            &desk.fails(1, &args).await,
            &["cannot be opened", desk.path("").to_str().unwrap()],
        );
    }
}

#[tokio::test]
async fn a_database_below_a_file_cannot_be_made() {
    let desk = Desk::new();
    let file = desk.file("file", "");
    let sentence = desk
        .fails(
            1,
            &[
                "migrate",
                "up",
                "--database-url",
                &format!("sqlite://{file}/below/jobs.db"),
            ],
        )
        .await;
    tells(&sentence, &["cannot be made", &file]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let desk = Desk::new();
    let file = desk.file(
        "notes.txt",
        &"These are notes, and no database. ".repeat(100),
    );
    let before = std::fs::read(&file).unwrap();
    for command in [
        &LIST[..],
        &["migrate", "up"],
        &["migrate", "fresh", "--yes"],
    ] {
        desk.fails(
            1,
            &[command, &["--database-url", &format!("sqlite://{file}")]].concat(),
        )
        .await;
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made_to_be_read() {
    let desk = Desk::new();
    let url = format!("sqlite://{}", desk.path("mistyped.db").display());
    for command in [
        &LIST[..],
        &["jobs", "get", "a"],
        &["export"],
        &["migrate", "status"],
    ] {
        tells(
            &desk
                .fails(1, &[command, &["--database-url", &url]].concat())
                .await,
            &["no database", "mistyped.db"],
        );
        assert!(!desk.path("mistyped.db").exists(), "{command:?}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_is_named_without_the_password() {
    // Bound and let go: nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://me:secret@127.0.0.1:{port}/jobs");
    tells(&list_at(&url, 1).await, &["127.0.0.1", "me:***@"]);
    let url = format!("postgresql://127.0.0.1:{port}/jobs?user=me&password=secret");
    tells(&list_at(&url, 1).await, &["127.0.0.1"]);
}

#[tokio::test]
async fn a_url_that_is_not_understood_is_shown_without_the_password() {
    for url in [
        "mysql://me:secret@db/jobs",
        "jobs.db",
        "/tmp/jobs.db",
        "",
        "postgres",
        "http://me:secret@db/jobs",
    ] {
        tells(&list_at(url, 1).await, &["sqlite://", "postgres://"]);
    }
    for url in [
        "postgres://me:secret@db:port/jobs",
        "postgres://",
        "sqlite://jobs.db?mode=nope",
    ] {
        list_at(url, 1).await;
    }
    tells(&list_at("sqlite::memory:", 1).await, &["memory"]);
}

#[tokio::test]
async fn a_database_that_the_server_does_not_have_is_named() {
    let db = <TestDb as crate::support::Fixture>::set_up(crate::support::Backend::Postgres).await;
    let url = format!("{}_not", db.url.replace("callsheet@", "callsheet:secret@"));
    tells(&list_at(&url, 1).await, &["does not exist"]);
    <TestDb as crate::support::Fixture>::tear_down(db).await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = Desk::new()
        .with("CALLSHEET_LOG", "warn")
        .run(&["serve", "--listen", &address])
        .await;
    assert_eq!(said.out, "", "it does not say that it listens");
    tells(&said.sentence(1), &[&address, "--listen"]);
}

#[tokio::test]
async fn a_wrong_configuration_names_the_key_and_the_line() {
    let desk = Desk::new();
    let rows = [
        (
            "log = \"info\"\n\nlisten_on = \"127.0.0.1:1\"\n",
            ["listen_on", "line 3"],
        ),
        (
            "database_conections = 8\n",
            ["database_conections", "line 1"],
        ),
        (
            "log = \"info\"\ndatabase_connections = \"many\"\n",
            ["many", "line 2"],
        ),
        (
            "log = \"info\"\nlog = \"warn\"\n",
            ["duplicate key", "line 2"],
        ),
        ("# é\n\n[server]\nport = 1\n", ["server", "line 3"]),
        ("log = \n", ["callsheet.toml", "line 1"]),
    ];
    for (content, parts) in rows {
        let file = desk.file("callsheet.toml", content);
        let sentence = desk.fails(2, &["--config", &file, "jobs", "list"]).await;
        tells(&sentence, &parts);
        tells(&sentence, &[&file]);
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_named() {
    let desk = Desk::new();
    for path in [desk.path("missing.toml"), desk.path("")] {
        let path = path.to_str().unwrap();
        tells(
            &desk.fails(2, &["--config", path, "jobs", "list"]).await,
            &["cannot be read", path],
        );
    }
    std::fs::write(desk.path("latin.toml"), b"log = \"\xe9\"\n").unwrap();
    tells(
        &desk
            .fails(
                2,
                &[
                    "--config",
                    desk.path("latin.toml").to_str().unwrap(),
                    "serve",
                ],
            )
            .await,
        &["latin.toml"],
    );
}

#[tokio::test]
async fn a_setting_out_of_its_range_is_named() {
    let rows: [(&[&str], &str); 6] = [
        (
            &["jobs", "list", "--log", "callsheet=loud"],
            "callsheet=loud",
        ),
        (&["jobs", "list", "--log", "a=b=c"], "a=b=c"),
        (
            &["jobs", "list", "--database-connections", "0"],
            "database_connections",
        ),
        (&["serve", "--max-body-bytes", "10"], "max_body_bytes"),
        (&["serve", "--media-dir", "nowhere"], "media_dir"),
        (
            &["serve", "--cors-origin", "localhost:5173"],
            "cors_origins",
        ),
    ];
    for (args, name) in rows {
        tells(&Desk::new().fails(2, args).await, &[name]);
    }
}

#[tokio::test]
async fn a_command_that_is_not_understood_exits_with_2() {
    let rows: [&[&str]; 8] = [
        &["jobs"],
        &["jobz"],
        &["jobs", "list", "--nope"],
        &["jobs", "list", "--status", "running"],
        &["jobs", "list", "--limit", "many"],
        &["serve", "--listen", "nowhere"],
        &["export", "--format", "xml"],
        &["import"],
    ];
    for args in rows {
        let said = Desk::new().run(args).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{args:?}");
        assert!(
            !said.err.is_empty() && !said.err.contains("panicked"),
            "{args:?}: {}",
            said.err
        );
    }
    assert!(
        callsheet(&["--help"])
            .output()
            .await
            .unwrap()
            .status
            .success()
    );
    let version = callsheet(&["--version"]).output().await.unwrap();
    assert_eq!(
        String::from_utf8_lossy(&version.stdout),
        format!("callsheet {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[tokio::test]
async fn output_that_cannot_be_written_is_told() {
    let desk = Desk::new();
    desk.done(&["jobs", "create", "a"]).await;
    for args in [
        &["export"][..],
        &["export", "--format", "csv"],
        &["jobs", "list"],
        &["openapi"],
        &["migrate", "status"],
    ] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let run = desk
            .command(args)
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Said::of(run.wait_with_output().await.unwrap());
        tells(&said.sentence(1), &["cannot be written"]);
    }
}

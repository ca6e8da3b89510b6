//! Faults of the configuration, found by the command.

use crate::{
    cli::run::{Desk, Said},
    support::Server,
};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// A desk with a database in which nothing is wrong.
async fn desk() -> Desk {
    let desk = Desk::new();
    desk.done(&["migrate", "up"]).await;
    desk
}

fn ids(said: &Said) -> Vec<String> {
    let said: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    let checks = said["checks"].as_array().unwrap();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    checks.iter().map(id).collect()
}

async fn finds(desk: &Desk, arguments: &[&str], code: i32, expected: &str) {
    let said = desk.run(&[&["doctor", "--json"], arguments].concat()).await;
    assert_eq!(
        (said.code, ids(&said)),
        (code, vec![expected.to_owned()]),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_variable_that_no_command_reads() {
    let desk = desk().await.with("CALLSHEET_DRAIN_SECOND", "5");
    finds(&desk, &[], 0, "config.unknown_variable").await;
    let said = desk.run(&["doctor", "--strict"]).await;
    assert_eq!(said.code, 1, "with --strict, a warning counts");
    assert!(
        said.out.contains("Did you mean CALLSHEET_DRAIN_SECONDS?"),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_setting_that_there_is_not() {
    let desk = desk().await;
    let file = desk.file("callsheet.toml", "databse_url = 'sqlite://callsheet.db'\n");
    finds(&desk, &["--config", &file], 1, "config.unknown_key").await;
    let said = desk.run(&["doctor", "--config", &file]).await;
    assert!(said.out.contains("Did you mean database_url?"), "{said:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_or_is_wrong() {
    let desk = desk().await;
    let file = desk.file("callsheet.toml", "listen = [\n");
    finds(&desk, &["--config", &file], 1, "config.invalid").await;
    finds(&desk, &["--config", "nowhere.toml"], 1, "config.invalid").await;
}

#[tokio::test]
async fn a_value_with_which_the_server_does_not_start() {
    for (name, value) in [
        ("CALLSHEET_DATABASE_CONNECTIONS", "0"),
        ("CALLSHEET_LISTEN", "nonsense"),
        ("CALLSHEET_MEDIA_DIR", "nowhere"),
        ("CALLSHEET_LOG", "callsheet=loud"),
        ("CALLSHEET_DRAIN_SECONDS", "99999"),
    ] {
        let desk = desk().await.with(name, value);
        let said = desk.run(&["doctor", "--json"]).await;
        assert_eq!(
            (said.code, ids(&said)),
            (1, vec!["config.invalid".to_owned()]),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_password_that_everyone_can_read() {
    let desk = desk().await;
    let text = "database_url = 'postgres://callsheet:secret@127.0.0.1:9/callsheet'\n";
    let file = desk.file("callsheet.toml", text);
    let expected = |more: &[&str]| more.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    for (mode, found) in [
        (
            0o644,
            expected(&["config.readable_password", "database.unreachable"]),
        ),
        (0o640, expected(&["database.unreachable"])),
    ] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file, mode).unwrap();
        let said = desk.run(&["doctor", "--json", "--config", &file]).await;
        assert_eq!((said.code, ids(&said)), (1, found));
        assert!(!said.out.contains("secret"), "{said:?}");
    }
    let file = desk.file("plain.toml", "database_url = 'sqlite://callsheet.db'\n");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&file, open).unwrap();
    assert_eq!(
        desk.json(&["doctor", "--json", "--config", &file]).await["ok"],
        true
    );
}

#[tokio::test]
async fn an_address_that_others_can_reach() {
    let desk = desk().await.with("CALLSHEET_LISTEN", "0.0.0.0:3001");
    finds(&desk, &[], 1, "config.no_key").await;
    let desk = desk.with("CALLSHEET_NO_AUTH", "true");
    finds(&desk, &[], 0, "config.listens_wide").await;
    let desk = self::desk()
        .await
        .with("CALLSHEET_METRICS_LISTEN", "0.0.0.0:9090");
    finds(&desk, &[], 0, "config.metrics_wide").await;
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_fine_with_a_key() {
    let desk = desk().await.with("CALLSHEET_LISTEN", "0.0.0.0:3001");
    desk.done(&["keys", "create", "--name", "ops", "--role", "admin"])
        .await;
    assert_eq!(desk.json(&["doctor", "--json"]).await["ok"], true);
    let desk = self::desk()
        .await
        .with("CALLSHEET_LISTEN", "0.0.0.0:3001")
        .with("CALLSHEET_ADMIN_KEY", "an-admin-key-of-a-container");
    assert_eq!(desk.json(&["doctor", "--json"]).await["ok"], true);
}

#[tokio::test]
async fn pages_of_every_site_that_may_call() {
    let desk = desk().await.with("CALLSHEET_CORS_ORIGINS", "*");
    finds(&desk, &[], 0, "config.cors_any").await;
}

#[tokio::test]
async fn a_database_in_the_media_folder() {
    let desk = desk().await.with("CALLSHEET_MEDIA_DIR", ".");
    finds(&desk, &[], 1, "config.database_served").await;
}

#[tokio::test]
async fn more_connections_than_open_files() {
    let desk = desk().await;
    let mut command = tokio::process::Command::new("/bin/sh");
    let run = [
        "-c",
        "ulimit -n 300; exec \"$0\" doctor --json",
        env!("CARGO_BIN_EXE_callsheet"),
    ];
    command
        .args(run)
        .env_clear()
        .env("CALLSHEET_MAX_CONNECTIONS", "5000")
        .current_dir(desk.path(""));
    let said = Said::of(command.output().await.unwrap());
    assert_eq!(
        (said.code, ids(&said)),
        (0, vec!["config.descriptors".to_owned()])
    );
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let desk = desk().await;
    finds(
        &desk,
        &["--server", "http://127.0.0.1:9"],
        1,
        "server.unreachable",
    )
    .await;
}

#[tokio::test]
async fn a_server_that_shows_its_status_alone() {
    let desk = desk().await;
    let key = desk.done(&["keys", "create", "--role", "reader"]).await;
    let url = format!("sqlite://{}", desk.path("callsheet.db").display());
    let server = Server::start(&url).await;
    finds(&desk, &["--server", &server.url], 0, "server.status_only").await;
    let desk = desk.with("CALLSHEET_API_KEY", key.trim());
    let said = desk
        .run(&["doctor", "--json", "--server", &server.url])
        .await;
    assert_eq!(ids(&said), Vec::<String>::new(), "with a key: {said:?}");
    server.stop("TERM").await;
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    finds(&Desk::new(), &[], 1, "database.missing").await;
}

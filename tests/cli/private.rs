//! What others on the machine may read, and what texts and addresses of others may do: nothing.

use super::run::{Desk, Said};
use crate::support::{Server, TestDb, callsheet};
use serde_json::Value;
use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Stdio,
};

const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}31m\u{85}\u{7f}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}a\nb\rc\td";

/// What is left of it where it may steer nothing.
#[track_caller]
fn is_harmless(shown: &str) {
    let steers = |c: char| {
        c != '\n'
            && (c.is_control()
                || "\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\u{2029}\u{200e}".contains(c))
    };
    assert!(!shown.contains(steers), "{shown:?}");
}

fn mode(path: &Path) -> u32 {
    path.metadata()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .permissions()
        .mode()
        & 0o777
}

/// As a user whose files are for everyone.
fn generous(desk: &Desk, args: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("/bin/sh");
    let run = [
        "-c",
        "umask 000; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_callsheet"),
    ];
    command
        .args(run)
        .args(args)
        .env_clear()
        .current_dir(desk.path(""))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn every_file_that_is_made_is_its_users_alone() {
    let desk = Desk::new();
    let database = "sqlite://made/here/jobs.db";
    let run = async |args: &[&str]| {
        let args = [args, &["--database-url", database]].concat();
        Said::of(generous(&desk, &args).output().await.unwrap()).done()
    };
    run(&["jobs", "create", "a"]).await;
    for folder in ["made", "made/here"] {
        assert_eq!(mode(&desk.path(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&desk.path("made/here/jobs.db")), 0o600);
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        database,
    ];
    let mut server = generous(&desk, &serve)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines =
        tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(server.stdout.take().unwrap()));
    while !lines
        .next_line()
        .await
        .unwrap()
        .expect("it listens")
        .contains("docs ")
    {}
    for file in ["jobs.db-wal", "jobs.db-shm"] {
        assert_eq!(mode(&desk.path("made/here").join(file)), 0o600, "{file}");
    }
    server.kill().await.unwrap();
    for name in ["all.jsonl", "all.csv", "all.jsonl.gz"] {
        run(&["export", "--output", name]).await;
        assert_eq!(mode(&desk.path(name)), 0o600, "{name}");
    }
    run(&["import", "all.jsonl", "--report", "report.json"]).await;
    assert_eq!(mode(&desk.path("report.json")), 0o600);
}

#[tokio::test]
async fn a_group_that_may_read_reads_and_nobody_else() {
    let desk = Desk::new();
    let run = async |args: &[&str]| {
        let args = [args, &["--group-readable"]].concat();
        Said::of(generous(&desk, &args).output().await.unwrap()).done()
    };
    run(&["jobs", "create", "a"]).await;
    run(&["export", "--output", "all.jsonl"]).await;
    run(&["import", "all.jsonl", "--report", "report.json"]).await;
    for name in ["callsheet.db", "all.jsonl", "report.json"] {
        assert_eq!(mode(&desk.path(name)), 0o640, "{name}");
    }
}

#[on_postgres]
async fn a_password_in_a_file_for_everyone_is_a_warning(db: TestDb) {
    let desk = Desk::new();
    desk.done(&["migrate", "up", "--database-url", &db.url])
        .await;
    let url = db.url.replace("callsheet@", "callsheet:hush@");
    let file = desk.file("callsheet.toml", &format!("database_url = '{url}'\n"));
    for (mode, warns) in [(0o644, true), (0o600, false)] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file, mode).unwrap();
        let said = desk.run(&["jobs", "list", "--config", &file]).await;
        let is_warned = said
            .err
            .contains("every user of this machine can read the password");
        assert_eq!((said.code, is_warned), (0, warns), "{said:?}");
        assert!(!said.err.contains("hush"), "{said:?}");
    }
}

#[tokio::test]
async fn neither_an_export_nor_a_report_follows_a_link() {
    let desk = Desk::new();
    desk.done(&["jobs", "create", "a"]).await;
    desk.done(&["export", "--output", "all.jsonl"]).await;
    let theirs = desk.file("theirs", "theirs");
    for name in ["out", "out.part"] {
        symlink(&theirs, desk.path(name)).unwrap();
    }
    symlink(desk.path("nowhere"), desk.path("dangling")).unwrap();
    for args in [
        &["export", "--output", "out"][..],
        &["export", "--output", "dangling"],
        &["import", "all.jsonl", "--report", "out"],
        &["import", "all.jsonl", "--report", "dangling"],
    ] {
        let sentence = desk.fails(1, args).await;
        assert!(sentence.contains("is a link"), "{sentence}");
    }
    std::fs::remove_file(desk.path("out")).unwrap();
    desk.done(&["export", "--output", "out"]).await;
    assert!(!desk.path("nowhere").exists());
    assert_eq!(std::fs::read_to_string(theirs).unwrap(), "theirs");
    // An earlier export is replaced, as a whole.
    std::fs::set_permissions(
        desk.path("all.jsonl"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    desk.done(&["export", "--output", "all.jsonl"]).await;
    assert_eq!(mode(&desk.path("all.jsonl")), 0o600);
}

#[on_both]
async fn a_text_is_no_formula_in_a_table(db: TestDb) {
    let desk = Desk::at(&db);
    let texts = [
        "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "1-1", "a=b", "",
    ];
    for (i, text) in texts.iter().enumerate() {
        let (title, id) = (format!("--title={text}"), format!("--job-id=job-{i}"));
        desk.done(&["jobs", "create", "a", &title, &id, "--priority=-7"])
            .await;
    }
    let table = desk.done(&["export", "--format", "csv"]).await;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let column =
        |name: &str, names: &csv::StringRecord| names.iter().position(|n| n == name).unwrap();
    let names = reader.headers().unwrap().clone();
    for (row, text) in reader.records().zip(texts) {
        let row = row.unwrap();
        let cell = &row[column("project_title", &names)];
        assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text);
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']),
            "{cell:?}"
        );
        assert_eq!(&row[column("priority", &names)], "-7");
    }
}

#[on_both]
async fn words_of_others_steer_no_terminal(db: TestDb) {
    let desk = Desk::at(&db);
    let record = serde_json::json!({HOSTILE: {
        "job_id": "hostile\u{202e}", "type": "idea2video", "status": HOSTILE, "error": HOSTILE, "shots": [],
        "created_at": "2025-06-01T12:00:00", "updated_at": "2025-06-01T12:00:00", "request": {"idea": "a"},
    }});
    let dump = desk.file("dump\u{1b}[2J\u{202e}.json", &record.to_string());
    let said = desk.run(&["import", &dump, "--verbose"]).await;
    is_harmless(&said.out);
    is_harmless(&said.err);
    let title = format!("--title={HOSTILE}");
    desk.done(&["jobs", "create", "a", "--job-id", "mine", &title])
        .await;
    let run = desk.json(&["imports", "list", "--json"]).await["imports"][0]["import_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for args in [
        &["jobs", "list"][..],
        &["jobs", "get", "mine"],
        &["imports", "list"],
        &["imports", "show", &run],
        &["imports", "rejects", &run],
        &["workers"],
        &["queue", "list"],
    ] {
        let said = desk.run(args).await;
        is_harmless(&said.out);
        is_harmless(&said.err);
    }
    for args in [
        &["jobs", "get", HOSTILE][..],
        &["jobs", "create", HOSTILE],
        &["jobs", "list", "--status", HOSTILE],
        &["jobs", "list", "--cursor", HOSTILE],
        &["import", HOSTILE],
        &["export", "--output", "/nowhere/\u{1b}[2J"],
        &["jobs", "list", "--log", HOSTILE],
        &["serve", "--listen", HOSTILE],
    ] {
        let said = desk.run(args).await;
        assert_ne!(said.code, 0, "{args:?}");
        is_harmless(&said.out);
        is_harmless(&said.err);
    }
    assert_eq!(
        desk.json(&["jobs", "get", "mine", "--json"]).await["project_title"],
        HOSTILE
    );
}

/// `script` gives a command a terminal.
#[tokio::test]
async fn json_on_a_terminal_is_the_same_json_in_other_signs() {
    let desk = Desk::new();
    desk.done(&[
        "jobs",
        "create",
        "a",
        "--job-id",
        "mine",
        &format!("--title={HOSTILE}"),
    ])
    .await;
    let run = format!("{} jobs get mine --json", env!("CARGO_BIN_EXE_callsheet"));
    let mut command = tokio::process::Command::new("/usr/bin/script");
    command
        .args(["-qec", &run, "/dev/null"])
        .current_dir(desk.path(""))
        .stdin(Stdio::null());
    let Ok(output) = command.output().await else {
        return;
    };
    let shown = String::from_utf8(output.stdout)
        .unwrap()
        .replace("\r\n", "\n");
    is_harmless(&shown);
    assert_eq!(
        serde_json::from_str::<Value>(&shown).unwrap()["project_title"],
        HOSTILE
    );
}

#[tokio::test]
async fn no_line_of_the_log_is_forged() {
    let desk = Desk::new();
    let database = format!("sqlite://{}", desk.path("jobs.db").display());
    let mut server = Server::start_with(&database, &["--log", "trace"]).await;
    let path = "/api/v1/jobs/a%0A2026-01-01T00:00:00Z%20ERROR%20forged%1B%5B2J%E2%80%AE";
    let answer = server
        .client
        .get(server.at(path))
        .header("x-request-id", "a\u{9b}b")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    let mut answered = false;
    while !answered {
        let line = server.lines.recv().await.expect("the log goes on");
        is_harmless(&line);
        assert!(
            !line.starts_with("2026-01-01T00:00:00Z ERROR forged"),
            "{line}"
        );
        answered = line.contains("answered") && line.contains("forged");
    }
    server.kill().await;
}

#[tokio::test]
async fn no_odd_address_shows_its_password() {
    let odd = [
        "postgres://u:hunter2@ss@127.0.0.1:1/d",
        "postgres://u:hunter2%40@127.0.0.1:1",
        "postgres:///d?password=hunter2&host=127.0.0.1&port=1",
        "postgres://127.0.0.1:1/d?PASSWORD=hunter2",
        "postgres://127.0.0.1:1/d?password=hunter2",
        "user=u password=hunter2 host=127.0.0.1",
        "postgres://u:hunter2@[::1]:1/d",
        "postgres://u:hunter2\n@127.0.0.1:1/d",
        "postgres://u:hunter2 x@127.0.0.1:1/d",
        "postgres://u:1/hunter2@127.0.0.1/d",
        "postgres://u:1?hunter2@127.0.0.1/d",
        "postgres://u:hunter2@127.0.0.1:99999/d",
        "postgres://u:hunter2@127.0.0.1:1/d?sslmode=hunter2",
        "redis://:hunter2@127.0.0.1:1",
        "rediss://:hunter2@127.0.0.1:1",
        "sqlite://u:hunter2@h/d?mode=ro",
        "sqlite://nowhere.db?password=hunter2",
        "u:hunter2@127.0.0.1/d",
        "http://u:hunter2@127.0.0.1:1/",
    ];
    let desk = Desk::new();
    for address in odd {
        for args in [
            &["jobs", "list", "--database-url", address][..],
            &["import", address, "--database-url", "sqlite://jobs.db"],
            &[
                "import",
                address,
                "--dry-run",
                "--database-url",
                "sqlite://jobs.db",
            ],
            &["work", "--type", "a", "--server", address, "--", "true"],
        ] {
            let mut command = desk.command(args);
            let output = tokio::time::timeout(std::time::Duration::from_secs(60), command.output())
                .await
                .unwrap();
            let said = Said::of(output.unwrap());
            assert_ne!(said.code, 0, "{args:?}");
            assert!(
                !format!("{said:?}").contains("hunter2"),
                "{args:?}: {said:?}"
            );
        }
    }
    let kept = desk
        .done(&[
            "imports",
            "list",
            "--json",
            "--database-url",
            "sqlite://jobs.db",
        ])
        .await;
    assert!(!kept.contains("hunter2"), "{kept}");
    let help = callsheet(&["work", "--help"])
        .env("CALLSHEET_SERVER", odd[18])
        .output()
        .await
        .unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("hunter2"));
}

//! `callsheet jobs`: tables for people, JSON for programs.

use super::run::Desk;
use crate::support::TestDb;
use serde_json::{Value, json};

#[on_both]
async fn a_job_is_made_and_shown(db: TestDb) {
    let desk = Desk::at(&db);
    let args = [
        "jobs",
        "create",
        "idea2video",
        "--job-id",
        "mine",
        "--title",
        "Night train",
        "--content",
        "A fox",
        "--mode",
        "idea",
        "--style",
        "Noir",
        "--requirement",
        "Short",
        "--priority",
        "-5",
        "--label",
        "team=red",
        "--label",
        "a=b=c",
        "--request-data",
        r#"{"idea": "A fox"}"#,
        "--json",
    ];
    let made = desk.json(&args).await;
    let expected = [
        ("job_id", json!("mine")),
        ("job_type", json!("idea2video")),
        ("status", json!("queued")),
        ("project_title", json!("Night train")),
        ("content", json!("A fox")),
        ("mode", json!("idea")),
        ("style", json!("Noir")),
        ("user_requirement", json!("Short")),
        ("priority", json!(-5)),
        ("labels", json!({"team": "red", "a": "b=c"})),
        ("request_data", json!({"idea": "A fox"})),
    ];
    for (name, value) in expected {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(desk.json(&["jobs", "get", "mine", "--json"]).await, made);
    let shown = desk.done(&["jobs", "get", "mine"]).await;
    for line in [
        "job_id      mine",
        "status      queued",
        "title       Night train",
        "version     1",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    assert!(
        desk.done(&["jobs", "create", "a"])
            .await
            .starts_with("job_id ")
    );
}

#[on_both]
async fn a_list_is_a_table_or_json(db: TestDb) {
    let desk = Desk::at(&db);
    let empty = desk.run(&["migrate", "up"]).await;
    assert_eq!(empty.code, 0);
    assert_eq!(desk.done(&["jobs", "list"]).await, "no jobs\n");
    for (id, title) in [("one", "Night train"), ("two", "Faro")] {
        desk.done(&[
            "jobs",
            "create",
            "a",
            "--job-id",
            id,
            "--title",
            title,
            "--label",
            &format!("is={id}"),
        ])
        .await;
    }
    desk.done(&["jobs", "cancel", "one"]).await;
    let table = desk.done(&["jobs", "list"]).await;
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "ID", "TYPE", "STATUS", "PROGRESS", "SHOTS", "CREATED", "TITLE"
        ]
    );
    assert_eq!(
        (lines[1][..3].to_vec(), lines[2][..3].to_vec()),
        (vec!["two", "a", "queued"], vec!["one", "a", "cancelled"])
    );
    assert_eq!(lines[3], ["2", "of", "2"]);
    let ids = |list: &Value| -> Vec<String> {
        list["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["job_id"].as_str().unwrap().to_owned())
            .collect()
    };
    for (filter, expected) in [
        (&["--oldest-first"][..], &["one", "two"][..]),
        (&["--status", "cancelled"], &["one"]),
        (&["--type", "b"], &[]),
        (&["--label", "is=two"], &["two"]),
        (&["--q", "night"], &["one"]),
        (&["--series", "nobody"], &[]),
    ] {
        let list = desk
            .json(&[&["jobs", "list", "--json"], filter].concat())
            .await;
        assert_eq!(ids(&list), expected, "{filter:?}");
        assert_eq!(list["pagination"]["total"], expected.len());
    }
}

#[on_both]
async fn pages_follow_each_other(db: TestDb) {
    let desk = Desk::at(&db);
    for id in ["one", "two", "three"] {
        desk.done(&["jobs", "create", "a", "--job-id", id]).await;
    }
    let first = desk.json(&["jobs", "list", "--limit", "2", "--json"]).await;
    assert_eq!(
        (
            &first["pagination"]["total"],
            &first["pagination"]["has_more"]
        ),
        (&3.into(), &true.into())
    );
    let cursor = first["pagination"]["next_cursor"].as_str().unwrap();
    let table = desk.done(&["jobs", "list", "--limit", "2"]).await;
    assert!(
        table.ends_with(&format!("2 of 3; the next page: --cursor {cursor}\n")),
        "{table}"
    );
    let rest = desk
        .json(&["jobs", "list", "--cursor", cursor, "--json"])
        .await;
    assert_eq!(
        (
            rest["jobs"].as_array().unwrap().len(),
            &rest["jobs"][0]["job_id"]
        ),
        (1, &"one".into())
    );
    assert_eq!(rest["pagination"]["next_cursor"], Value::Null);
}

#[on_both]
async fn a_job_is_cancelled_retried_and_deleted(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["jobs", "create", "a", "--job-id", "mine"])
        .await;
    let cancelled = desk
        .json(&["jobs", "cancel", "mine", "--reason", "Not needed", "--json"])
        .await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(
        desk.json(&["jobs", "retry", "mine", "--json"]).await["status"],
        "queued"
    );
    assert!(
        desk.done(&["jobs", "cancel", "mine"])
            .await
            .contains("status      cancelled")
    );
    assert!(
        desk.done(&["jobs", "retry", "mine"])
            .await
            .contains("status      queued")
    );
    assert_eq!(
        desk.done(&["jobs", "delete", "mine"]).await,
        "deleted mine\n"
    );
    desk.done(&["jobs", "create", "a", "--job-id", "mine"])
        .await;
    assert_eq!(
        desk.json(&["jobs", "delete", "mine", "--json"]).await["job_id"],
        "mine"
    );
}

#[on_both]
async fn what_is_refused_is_told_in_one_sentence(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["jobs", "create", "a", "--job-id", "mine"])
        .await;
    for verb in ["get", "cancel", "retry", "delete"] {
        assert_eq!(
            desk.fails(1, &["jobs", verb, "nobody"]).await,
            "Job not found"
        );
    }
    let rows: [(&[&str], i32, &str); 7] = [
        (&["jobs", "list", "--cursor", "x"], 2, "cursor"),
        (&["jobs", "list", "--limit", "0"], 1, "limit"),
        (&["jobs", "list", "--limit", "10000"], 1, "limit"),
        (&["jobs", "retry", "mine"], 1, "queued"),
        (&["jobs", "create", "Idea 2"], 1, "/job_type"),
        (&["jobs", "create", "a", "--job-id", "mine"], 1, "mine"),
        (
            &["jobs", "create", "a", "--priority", "101"],
            1,
            "/priority",
        ),
    ];
    for (args, code, part) in rows {
        let sentence = desk.fails(code, args).await;
        assert!(sentence.contains(part), "{args:?}: {sentence}");
    }
    assert_eq!(
        desk.json(&["jobs", "get", "mine", "--json"]).await["version"],
        1
    );
}

#[on_both]
async fn control_characters_do_not_reach_the_terminal(db: TestDb) {
    let desk = Desk::at(&db);
    let title = "\u{1b}[2J\u{7}red\nline";
    desk.done(&["jobs", "create", "a", "--job-id", "mine", "--title", title])
        .await;
    for args in [&["jobs", "list"][..], &["jobs", "get", "mine"]] {
        let shown = desk.done(args).await;
        assert!(
            shown.chars().all(|c| c == '\n' || !c.is_control()),
            "{shown:?}"
        );
        assert!(shown.contains("red\\nline"), "{shown:?}");
    }
    assert_eq!(
        desk.json(&["jobs", "get", "mine", "--json"]).await["project_title"],
        title
    );
}

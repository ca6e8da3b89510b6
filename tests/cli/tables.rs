//! `callsheet jobs create --from-csv` and `--from-jsonl`.

use super::run::{Desk, Said};
use crate::support::TestDb;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

const CSV: &str = "\
Type,Title,content,priority,labels.team,request_data.seed
idea2video,Night train,\"A fox, on a train\",5,red,007
idea2video,Faro,A lighthouse,,,
script2video,,,-3,blue,1
";

async fn listed(desk: &Desk) -> Vec<Value> {
    let list = desk
        .json(&["jobs", "list", "--oldest-first", "--json"])
        .await;
    list["jobs"].as_array().unwrap().clone()
}

#[on_both]
async fn a_csv_makes_a_job_of_each_row_and_a_second_run_makes_none(db: TestDb) {
    let desk = Desk::at(&db);
    let file = desk.file("jobs.csv", CSV);
    let create = ["jobs", "create", "--from-csv", &file];
    assert_eq!(desk.done(&create).await, "3 jobs created\n");
    let jobs = listed(&desk).await;
    assert_eq!(jobs.len(), 3);
    let fox = jobs
        .iter()
        .find(|job| job["project_title"] == "Night train")
        .unwrap();
    let fox = desk
        .json(&["jobs", "get", fox["job_id"].as_str().unwrap(), "--json"])
        .await;
    assert_eq!(
        (&fox["content"], &fox["priority"]),
        (&json!("A fox, on a train"), &json!(5))
    );
    assert_eq!(fox["labels"], json!({"team": "red"}));
    assert_eq!(fox["request_data"], json!({"seed": "007"}));
    assert_eq!(
        desk.done(&create).await,
        "0 jobs created, 3 already there\n"
    );
    let more = desk.file("jobs.csv", &format!("{CSV}idea2video,New,,,,\n"));
    assert_eq!(more, file);
    assert_eq!(desk.done(&create).await, "1 job created, 3 already there\n");
    let again = [&create[..], &["--batch", "second"]].concat();
    assert_eq!(desk.done(&again).await, "4 jobs created\n");
    assert_eq!(listed(&desk).await.len(), 8);
}

#[on_both]
async fn rows_that_say_the_same_are_as_many_jobs(db: TestDb) {
    let desk = Desk::at(&db);
    let lines = "{\"job_type\": \"a\"}\n{\"job_type\": \"a\"}\n\n{\"type\": \"a\"}\n";
    let file = desk.file("jobs.jsonl", lines);
    let create = ["jobs", "create", "--from-jsonl", &file];
    assert_eq!(desk.done(&create).await, "3 jobs created\n");
    assert_eq!(
        desk.done(&create).await,
        "0 jobs created, 3 already there\n"
    );
}

#[on_both]
async fn a_bad_row_is_refused_by_its_line_and_the_others_are_created(db: TestDb) {
    let desk = Desk::at(&db);
    let csv = "type,priority,labels\nidea2video,5,\nidea2video,high,\nNot One,1,\nidea2video,1\n\
        idea2video,500,\nidea2video,1,{\nidea2video,2,\n";
    let file = desk.file("jobs.csv", csv);
    let said = desk.run(&["jobs", "create", "--from-csv", &file]).await;
    assert_eq!(
        (said.code, &*said.out),
        (3, "2 jobs created, 5 rows refused\n"),
        "{said:?}"
    );
    let lines: Vec<_> = said
        .err
        .lines()
        .map(|l| l.split(':').next().unwrap())
        .collect();
    assert_eq!(
        lines,
        ["line 3", "line 4", "line 5", "line 6", "line 7"],
        "{}",
        said.err
    );
    for part in [
        "use a whole number",
        "/job_type",
        "cells",
        "/priority",
        "is not JSON",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    let jsonl = desk.file(
        "jobs.jsonl",
        "{\"job_type\": \"a\", \"nope\": 1}\n[1]\n{\"job_type\"\n",
    );
    let said = desk
        .run(&["jobs", "create", "--from-jsonl", &jsonl, "--json"])
        .await;
    assert_eq!(said.code, 3);
    let rows: Vec<Value> = said
        .out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(rows.len(), 3);
    assert!(
        rows[0]["error"].as_str().unwrap().contains("/nope"),
        "{rows:?}"
    );
}

#[on_both]
async fn a_row_that_would_change_without_a_word_is_refused(db: TestDb) {
    let desk = Desk::at(&db);
    let number = "123456789012345678901234567890";
    let tables = [
        (
            "jobs.csv",
            "--from-csv",
            "type,title\na,b\na,\"unterminated\na,c\n".to_owned(),
            "line 3: a quote is opened",
        ),
        (
            "jobs.csv",
            "--from-csv",
            format!("type,context\na,{{}}\na,\"{{\"\"n\"\": {number}}}\"\n"),
            "line 3: context: /n: Use an integer of at most 64 bits",
        ),
        (
            "jobs.jsonl",
            "--from-jsonl",
            format!("{{\"type\": \"a\"}}\n{{\"type\": \"a\", \"context\": {{\"n\": {number}}}}}\n"),
            "line 2: /context/n: Use an integer of at most 64 bits",
        ),
    ];
    for (name, flag, text, sentence) in tables {
        let file = desk.file(name, &text);
        let said = desk
            .run(&["jobs", "create", flag, &file, "--batch", sentence])
            .await;
        assert_eq!(
            (said.code, &*said.out),
            (3, "1 job created, 1 row refused\n"),
            "{said:?}"
        );
        assert!(said.err.starts_with(sentence), "{sentence}: {}", said.err);
    }
}

#[on_both]
async fn a_preview_shows_the_first_jobs_and_writes_nothing(db: TestDb) {
    let desk = Desk::at(&db);
    let rows: String = (0..8).map(|n| format!("idea2video,Title {n}\n")).collect();
    let file = desk.file("jobs.csv", &format!("type,title\n{rows}"));
    for flag in ["--dry-run", "--preview"] {
        let out = desk
            .done(&["jobs", "create", "--from-csv", &file, flag])
            .await;
        assert!(out.contains("Title 4") && !out.contains("Title 5"), "{out}");
        assert!(
            out.ends_with("8 jobs would be created; nothing was written\n"),
            "{out}"
        );
    }
    desk.run(&["migrate", "up"]).await;
    assert!(listed(&desk).await.is_empty());
}

#[tokio::test]
async fn a_preview_makes_no_database() {
    let desk = Desk::new();
    let file = desk.file("jobs.csv", CSV);
    desk.done(&["jobs", "create", "--from-csv", &file, "--dry-run"])
        .await;
    assert!(!desk.path("callsheet.db").exists());
}

#[on_both]
async fn a_table_comes_from_standard_input_with_defaults_for_all_rows(db: TestDb) {
    let desk = Desk::at(&db);
    let args = [
        "jobs",
        "create",
        "idea2video",
        "--from-csv",
        "-",
        "--label",
        "batch=7",
    ];
    let mut command = desk.command(&args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let table = "\u{feff}title;labels.team\nEins;rot\nZwei;\n";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(table.as_bytes())
        .await
        .unwrap();
    let said = Said::of(child.wait_with_output().await.unwrap());
    assert_eq!(said.done(), "2 jobs created\n");
    let jobs = listed(&desk).await;
    let labels: Vec<_> = jobs.iter().map(|job| job["labels"].clone()).collect();
    assert!(
        labels.contains(&json!({"batch": "7", "team": "rot"})),
        "{labels:?}"
    );
    assert!(labels.contains(&json!({"batch": "7"})), "{labels:?}");
}

#[tokio::test]
async fn a_table_that_cannot_be_read_says_why() {
    let desk = Desk::new();
    let bad = desk.file("bad.csv", "type,priorty\na,1\n");
    let why = desk.fails(2, &["jobs", "create", "--from-csv", &bad]).await;
    assert!(why.contains("did you mean priority?"), "{why}");
    let twice = desk.file("twice.csv", "type,job_type\na,b\n");
    let why = desk
        .fails(2, &["jobs", "create", "--from-csv", &twice])
        .await;
    assert!(why.contains("same field"), "{why}");
    let missing = desk
        .fails(1, &["jobs", "create", "--from-csv", "none.csv"])
        .await;
    assert!(missing.contains("none.csv"), "{missing}");
    let folder = desk
        .fails(1, &["jobs", "create", "--from-jsonl", "."])
        .await;
    assert!(folder.contains("folder"), "{folder}");
    std::fs::write(desk.path("wide.csv"), b"\xff\xfet\0y\0").unwrap();
    let wide = desk
        .fails(2, &["jobs", "create", "--from-csv", "wide.csv"])
        .await;
    assert!(wide.contains("UTF-8"), "{wide}");
}

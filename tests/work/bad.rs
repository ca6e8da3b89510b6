//! What should not be: a command that is not there, a program that says too much or nonsense, a
//! full disk.

use super::stage::{Stage, Worker, eventually, gone, pids, send};
use crate::{
    cli::run::Desk,
    support::{TestDb, callsheet},
};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn a_command_that_is_not_there_is_told_before_anything_is_claimed() {
    let desk = Desk::new();
    std::fs::write(desk.path("text"), "no program").unwrap();
    let text = desk.path("text").display().to_string();
    for command in ["no-such-program", "/no/such/program", "./text", &text] {
        let sentence = desk.fails(2, &["work", "--type", "a", "--", command]).await;
        assert!(
            sentence.contains("was not found") && sentence.contains(command),
            "{sentence}"
        );
    }
    let sentence = desk
        .fails(2, &["work", "--type", "a", "--dir", "nowhere", "--", "sh"])
        .await;
    assert!(sentence.contains("nowhere"), "{sentence}");
}

#[tokio::test]
async fn arguments_that_cannot_be_are_refused() {
    let rows: [&[&str]; 8] = [
        &["--type", "a"],
        &["--", "sh"],
        &["--type", "a", "--concurrency", "0", "--", "sh"],
        &["--type", "a", "--lease-seconds", "0", "--", "sh"],
        &["--type", "a", "--lease-seconds", "31536000", "--", "sh"],
        &["--type", "a", "--server", "localhost", "--", "sh"],
        &["--type", "a", "--worker-id", "", "--", "sh"],
        &["--type", "a", "--grace", "-1", "--", "sh"],
    ];
    for args in rows {
        let said = callsheet(&[&["work"], args].concat())
            .output()
            .await
            .unwrap();
        assert_eq!(
            said.status.code(),
            Some(2),
            "{args:?}: {}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
    let long = "x".repeat(10_000);
    let said = callsheet(&["work", "--type", "a", "--worker-id", &long, "--", "sh"])
        .output()
        .await
        .unwrap();
    assert_eq!(said.status.code(), Some(2));
}

#[on_both]
async fn a_hundred_megabytes_without_a_newline_are_one_line_of_the_history(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let script =
        r#"head -c 100000000 /dev/zero | tr '\0' x; echo; echo '{"result": {"fine": true}}'"#;
    let mut worker = stage.worker(&[], script);
    worker.says("film completed").await;
    let peak = std::fs::read_to_string(format!("/proc/{}/status", worker.pid())).unwrap();
    let peak = peak
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .to_owned();
    assert!(
        peak.parse::<u64>().unwrap() < 80_000,
        "the worker grew to {peak} kB"
    );
    assert_eq!(stage.job("film").await["result"]["fine"], true);
    let log = stage.log("film").await;
    assert!(
        log.len() == 1 && log[0].starts_with("(a line of 100000000 bytes, "),
        "{log:?}"
    );
    worker.stop().await;
}

#[on_both]
async fn lines_that_are_not_understood_are_kept_with_the_reason(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let script =
        r#"printf '{"progress": \nnot json\n{"progress": 200, "stage": "up"}\n\377\376\0x\n'"#;
    let mut worker = stage.worker(&[], script);
    worker.says("film completed").await;
    assert_eq!(
        stage.log("film").await,
        [
            "{\"progress\":",
            "not json",
            "(not understood: progress is percent, from 0 to 100, not 200) {\"progress\": 200, \"stage\": \"up\"}",
            "\u{fffd}\u{fffd} x"
        ]
    );
    let job = stage.job("film").await;
    assert_eq!(
        json!([job["progress"], job["current_stage"], job["total_shots"]]),
        json!([100.0, "up", 0])
    );
    worker.stop().await;
}

#[on_both]
async fn lines_that_come_too_fast_are_counted(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&[], "seq 1 20000");
    worker.says("film completed").await;
    let mut kept = 0;
    let mut left_out = 0;
    for line in stage.log("film").await {
        match line.strip_prefix('(') {
            Some(rest) => left_out += rest.split(' ').next().unwrap().parse::<u64>().unwrap(),
            None => kept += 1,
        }
    }
    assert_eq!(kept + left_out, 20_000, "{kept} kept");
    worker.stop().await;
}

#[on_both]
async fn an_item_that_the_server_refuses_fails_the_job_with_the_reason(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    // In one batch with others, which are taken all the same.
    let script = r#"for key in a b c d e; do echo '{"item": {"key": "'$key'", "status": "completed"}}'; done
        echo '{"item": {"idx": 77, "status": "completed"}}'
        for key in f g h; do echo '{"item": {"key": "'$key'", "status": "completed"}}'; done; sleep 1000"#;
    let mut worker = stage.worker(&["--grace", "1"], script);
    worker.says("film failed").await;
    let job = stage.job("film").await;
    let error = job["error"].as_str().unwrap();
    assert!(
        error.starts_with("a report was not taken: the item at position 77: "),
        "{error}"
    );
    assert_eq!(
        json!([job["status"], job["completed_shots"]]),
        json!(["queued", 8])
    );
    worker.stop().await;
}

#[on_both]
async fn a_full_disk_is_the_error_of_the_job(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let mut worker = stage.worker(&[], "cat /dev/zero > /dev/full");
    worker.says("film failed").await;
    let error = stage.job("film").await["error"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        error.contains("No space left on device") && error.contains("exit code 1"),
        "{error}"
    );
    worker.stop().await;
}

#[on_both]
async fn a_program_that_disappears_stops_the_worker_before_it_spends_all_jobs(db: TestDb) {
    let stage = Stage::at(&db).await;
    let program = stage.path("program");
    std::fs::write(
        &program,
        "#!/bin/sh\n: >begun\nwhile [ ! -e go ]; do sleep 0.02; done\n",
    )
    .unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    stage.create("first").await;
    let mut worker = stage.worker_at(&stage.server.url, &[], &[program.to_str().unwrap()]);
    worker.says("first started").await;
    // The shell has opened it.
    eventually(|| stage.path("begun").exists().then_some(())).await;
    let others = ["1", "2", "3", "4", "5"];
    for id in others {
        stage.create(id).await;
    }
    std::fs::rename(&program, stage.path("renamed")).unwrap();
    std::fs::write(stage.path("go"), "").unwrap();
    worker.says("first completed").await;
    let sentence = worker.says("callsheet: ").await;
    assert!(
        sentence.contains("cannot be started: No such file"),
        "{sentence}"
    );
    assert_eq!(worker.ends().await.code(), Some(1));
    let mut attempts = 0;
    for id in others {
        let job = stage.job(id).await;
        assert_eq!(job["status"], "queued");
        attempts += job["attempt"].as_i64().unwrap();
    }
    assert_eq!(attempts, 1, "one attempt told it");
}

#[on_both]
async fn a_type_that_cannot_be_is_told_in_one_sentence(db: TestDb) {
    let stage = Stage::at(&db).await;
    let args = [
        "work",
        "--server",
        &stage.server.url,
        "--type",
        "Not A Type",
        "--",
        "/bin/sh",
    ];
    let mut worker = Worker::start(&mut callsheet(&args));
    let sentence = worker.says("callsheet: ").await;
    assert!(
        sentence.contains("refused to give jobs") && sentence.contains("/job_types/0"),
        "{sentence}"
    );
    assert_eq!(worker.ends().await.code(), Some(1));
}

#[on_both]
async fn what_a_program_leaves_behind_ends_with_it(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    // One that stays in the group, and one that leaves it but holds on to the pipes.
    let script = r#"sleep 1000 & echo $! > stays; setsid sh -c 'echo $$ > leaves; exec sleep 1000' &
        while [ ! -s leaves ]; do sleep 0.02; done; echo '{"result": {"fine": true}}'"#;
    let mut worker = stage.worker(&[], script);
    worker.says("film completed").await;
    assert_eq!(stage.job("film").await["result"]["fine"], true);
    gone(&pids(&stage.read("stays"))).await;
    for pid in pids(&stage.read("leaves")) {
        send("KILL", pid).await;
    }
    worker.stop().await;
}

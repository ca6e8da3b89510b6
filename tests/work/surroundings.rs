//! What a program finds around it, and what becomes of a worker's own lines.

use super::stage::{Stage, Worker, path, send};
use crate::support::{TestDb, callsheet};
use std::process::Stdio;
use tokio::{io::AsyncReadExt, process::Command};

/// Set in the environment of each worker here.
const SET: [(&str, &str); 9] = [
    ("HOME", "/nowhere"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
    ("CALLSHEET_DATABASE_URL", "postgres://u:secret@h/d"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("CUDA_VISIBLE_DEVICES", "0,1"),
    ("WEIGHTS", "with space = and sign"),
    ("LD_PRELOAD_NOT", "x"),
];

fn worker(stage: &Stage, args: &[&str], program: &str) -> Command {
    let own = ["work", "--type", "render", "--server", &stage.server.url];
    let mut command = callsheet(&[&own, args, &["--", "sh", "-c", program]].concat());
    command
        .envs(SET)
        .env("PATH", path())
        .current_dir(stage.path(""));
    command
}

#[on_both]
async fn a_program_gets_what_it_needs_of_the_environment_and_what_is_named(db: TestDb) {
    let stage = Stage::at(&db).await;
    let always = "HOME LANG LC_ALL PATH TZ";
    let rows: [(&[&str], Option<&str>, &str); 4] = [
        (&[], None, ""),
        (
            &["--pass-env", "CUDA_VISIBLE_DEVICES, WEIGHTS,,NOT_SET"],
            None,
            "CUDA_VISIBLE_DEVICES WEIGHTS",
        ),
        (
            &[
                "--pass-env",
                "WEIGHTS",
                "--pass-env",
                "AWS_SECRET_ACCESS_KEY",
            ],
            None,
            "AWS_SECRET_ACCESS_KEY WEIGHTS",
        ),
        (&[], Some("CUDA_VISIBLE_DEVICES"), "CUDA_VISIBLE_DEVICES"),
    ];
    for (n, (args, named, more)) in rows.into_iter().enumerate() {
        let id = format!("film-{n}");
        stage.create(&id).await;
        // The guard's environment is that of the shell's parent.
        let program = format!("env > env-{n}; tr '\\0' '\\n' < /proc/$PPID/environ > guard-{n}");
        let mut command = worker(&stage, args, &program);
        if let Some(named) = named {
            command.env("CALLSHEET_PASS_ENV", named);
        }
        let mut worker = Worker::start(&mut command);
        worker.says(&format!("{id} completed")).await;
        worker.stop().await;
        for file in ["env", "guard"] {
            let text = stage.read(&format!("{file}-{n}"));
            // The shell sets these itself.
            let own = ["PWD", "OLDPWD", "SHLVL", "_", ""];
            let names = text
                .lines()
                .map(|line| line.split('=').next().unwrap())
                .filter(|name| !own.contains(name));
            let mut names: Vec<_> = names
                .filter(|name| !name.starts_with("CALLSHEET_"))
                .collect();
            names.sort_unstable();
            let mut expected: Vec<_> = always.split(' ').chain(more.split_whitespace()).collect();
            expected.sort_unstable();
            assert_eq!(names, expected, "{file} with {args:?}");
            assert!(
                !text.contains("postgres://") && text.contains(&format!("CALLSHEET_JOB_ID={id}\n")),
                "{text}"
            );
            assert!(!more.contains("WEIGHTS") || text.contains("WEIGHTS=with space = and sign\n"));
        }
    }
    let said = worker(&stage, &["--pass-env", "A=B"], "true")
        .output()
        .await
        .unwrap();
    assert_eq!(
        said.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
}

#[on_both]
async fn a_worker_goes_on_when_its_lines_are_not_taken(db: TestDb) {
    let stage = Stage::at(&db).await;
    // Each line of the program that begins a stage is a line of the worker's: more than any pipe
    // takes.
    let program = r#"[ $CALLSHEET_JOB_ID = loud ] || exit 0
        i=0; while [ $i -lt 3000 ]; do echo "{\"stage\": \"$i ................................................\"}"; i=$((i+1)); done"#;
    for (n, (out, err)) in [("|", "|"), ("closed", "closed"), ("full", "full")]
        .into_iter()
        .enumerate()
    {
        let mut command = worker(&stage, &["--worker-id", &format!("w{n}")], program);
        let open = |how| match how {
            "full" => Stdio::from(
                std::fs::OpenOptions::new()
                    .write(true)
                    .open("/dev/full")
                    .unwrap(),
            ),
            _ => Stdio::piped(),
        };
        let mut child = command.stdout(open(out)).stderr(open(err)).spawn().unwrap();
        if out == "closed" {
            drop((child.stdout.take(), child.stderr.take()));
        }
        for id in ["loud", "quiet"] {
            let id = if id == "loud" {
                "loud".to_owned()
            } else {
                format!("quiet-{n}")
            };
            if stage.get(&format!("/jobs/{id}")).await["job_id"] == id.as_str() {
                stage
                    .server
                    .client
                    .delete(stage.server.at(&format!("/api/v1/jobs/{id}")))
                    .send()
                    .await
                    .unwrap();
            }
            stage.create(&id).await;
            stage.until(&id, |job| job["status"] == "completed").await;
        }
        let pid = child.id().unwrap();
        send("TERM", pid).await;
        let ended = tokio::time::timeout(std::time::Duration::from_secs(60), child.wait()).await;
        assert_eq!(
            ended
                .expect("a worker whose lines nobody takes ends")
                .unwrap()
                .code(),
            Some(0),
            "{out}"
        );
        if let Some(mut lines) = child.stderr.take() {
            let mut said = Vec::new();
            lines.read_to_end(&mut said).await.unwrap();
            assert!(!said.is_empty());
        }
    }
}

#[on_both]
async fn numbers_that_are_none_do_not_end_a_worker(db: TestDb) {
    let stage = Stage::at(&db).await;
    stage.create("film").await;
    let program = r#"printf '{"progress": 1e999}\n{"progress": NaN}\n{"progress": -1e999}\n{"total_shots": -1}\n'
        printf '{"total_shots": 9223372036854775808}\n{"result": {"a": 1e999}}\n{"progress": 50}\n'
        while [ ! -e go ]; do sleep 0.02; done"#;
    let mut worker = stage.worker(&[], program);
    stage.until("film", |job| job["progress"] == 50.0).await;
    std::fs::write(stage.path("go"), "").unwrap();
    worker.says("film completed").await;
    assert_eq!(
        stage.job("film").await["result"],
        serde_json::json!({"a": null})
    );
    let log = stage.log("film").await;
    assert!(
        log.len() == 2
            && log
                .iter()
                .all(|line| line.starts_with("(not understood: total_shots is")),
        "{log:?}"
    );
    worker.stop().await;
}

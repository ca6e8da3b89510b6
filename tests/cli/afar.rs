//! `--server`: commands that call a server instead of the database, and commands that follow one
//! job.

use super::run::{Desk, Said, sample};
use crate::{
    support::{Server, TestDb},
    webhooks::receiver::Receiver,
};
use serde_json::{Value, json};

/// A desk without a database, and the URL of a server.
struct Afar {
    desk: Desk,
    url: String,
}

impl Afar {
    fn from(server: &Server) -> Self {
        Self {
            desk: Desk::new(),
            url: server.url.clone(),
        }
    }

    fn args<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--server", &self.url]].concat()
    }

    async fn run(&self, args: &[&str]) -> Said {
        self.desk.run(&self.args(args)).await
    }

    async fn done(&self, args: &[&str]) -> String {
        self.run(args).await.done()
    }

    async fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.done(args).await).unwrap()
    }
}

async fn post(server: &Server, path: &str, body: Value) -> Value {
    let request = server.client.post(server.at(path)).json(&body);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

#[on_both]
async fn a_command_prints_the_same_from_afar_as_at_the_database(db: TestDb) {
    let server = Server::start(&db.url).await;
    let (here, afar) = (Desk::at(&db), Afar::from(&server));
    let create = [
        "jobs", "create", "a", "--job-id", "film", "--label", "team=red",
    ];
    let made = afar
        .json(&[&create[..], &["--title", "Night train", "--json"]].concat())
        .await;
    assert_eq!(
        (&made["status"], &made["labels"]["team"]),
        (&json!("queued"), &json!("red"))
    );
    afar.done(&[
        "jobs",
        "create",
        "b",
        "--job-id",
        "other",
        "--priority",
        "-5",
    ])
    .await;
    let claim = json!({"worker_id": "w", "job_types": ["b"], "host": "studio"});
    post(&server, "/api/v1/claims", claim).await;
    for args in [
        &["jobs", "list"][..],
        &[
            "jobs",
            "list",
            "--label",
            "team=red",
            "--status",
            "queued",
            "--oldest-first",
        ],
        &["jobs", "list", "--type", "none"],
        &["jobs", "get", "film"],
        &["queue", "list"],
        &["queue", "list", "--json"],
        &["imports", "list"],
    ] {
        assert_eq!(afar.done(args).await, here.done(args).await, "{args:?}");
    }
    for args in [
        &["jobs", "list", "--json", "--limit", "1"][..],
        &["jobs", "get", "other", "--json"],
    ] {
        // A server does not say since when a job has its status.
        let without = |mut answer: Value| {
            answer["status_since"] = Value::Null;
            for job in answer["jobs"].as_array_mut().into_iter().flatten() {
                job["status_since"] = Value::Null;
            }
            answer
        };
        let (from_afar, at_home) = (afar.json(args).await, here.json(args).await);
        assert_eq!(without(from_afar), without(at_home), "{args:?}");
    }
    let workers = afar.json(&["workers", "--json"]).await;
    assert_eq!(workers["workers"][0]["jobs"], json!(["other"]));
    assert!(afar.done(&["workers"]).await.contains("studio"));
}

#[on_both]
async fn jobs_and_queues_are_steered_from_afar(db: TestDb) {
    let server = Server::start(&db.url).await;
    let (here, afar) = (Desk::at(&db), Afar::from(&server));
    afar.done(&["jobs", "create", "a", "--job-id", "film"])
        .await;
    for (args, status) in [
        (
            &["jobs", "cancel", "film", "--reason", "late", "--json"][..],
            "cancelled",
        ),
        (&["jobs", "retry", "film", "--json"], "queued"),
        (&["jobs", "undo", "film", "--json"], "cancelled"),
    ] {
        assert_eq!(afar.json(args).await["status"], status, "{args:?}");
        let seen = here.json(&["jobs", "get", "film", "--json"]).await;
        assert_eq!(seen["status"], status, "{args:?}");
    }
    let refused = afar.run(&["jobs", "recover", "film"]).await.sentence(1);
    assert!(
        refused.contains("cannot be retried") || refused.contains("cancelled"),
        "{refused}"
    );
    assert_eq!(
        afar.done(&["jobs", "delete", "film"]).await,
        "deleted film\n"
    );
    let queue = afar.json(&["queue", "limit", "a", "4", "--json"]).await;
    assert_eq!(
        (&queue["max_running"], &queue["paused"]),
        (&json!(4), &json!(false))
    );
    afar.done(&["queue", "pause", "a"]).await;
    let queue = afar.json(&["queue", "limit", "a", "none", "--json"]).await;
    assert_eq!(
        (&queue["max_running"], &queue["paused"]),
        (&json!(null), &json!(true))
    );
    let list = ["queue", "list", "--json"];
    assert_eq!(afar.json(&list).await, here.json(&list).await);
}

#[on_both]
async fn imports_are_looked_at_from_afar(db: TestDb) {
    let server = Server::start(&db.url).await;
    let (here, afar) = (Desk::at(&db), Afar::from(&server));
    here.run(&["import", &sample("web2img")]).await;
    let list = afar.json(&["imports", "list", "--json"]).await;
    let id = list["imports"][0]["import_id"].as_str().unwrap().to_owned();
    for args in [
        &["imports", "list"][..],
        &["imports", "show", &id],
        &["imports", "rejects", &id],
    ] {
        assert_eq!(afar.done(args).await, here.done(args).await, "{args:?}");
    }
    let shown = afar.json(&["imports", "show", &id, "--json"]).await;
    assert_eq!(
        (&shown["imported"], &shown["rejected"]),
        (&json!(8), &json!(2))
    );
    let missing = afar.run(&["imports", "abort", "none"]).await.sentence(1);
    assert!(missing.ends_with("Import not found"), "{missing}");
}

#[on_both]
async fn a_job_is_watched_until_it_ends_and_its_log_is_printed(db: TestDb) {
    let server = Server::start(&db.url).await;
    let (here, afar) = (Desk::at(&db), Afar::from(&server));
    for (id, end, code) in [("film", "complete", 0), ("lost", "fail", 1)] {
        afar.done(&["jobs", "create", "a", "--job-id", id]).await;
        let claim = json!({"worker_id": "w", "job_types": ["a"]});
        let claimed = post(&server, "/api/v1/claims", claim).await;
        let token = claimed["jobs"][0]["lease"]["token"].clone();
        let watch = afar.args(&["jobs", "watch", id, "--json"]);
        let watch = afar.desk.command(&watch).output();
        let follow = here.command(&["jobs", "logs", id, "--follow"]).output();
        let path = |call: &str| format!("/api/v1/jobs/{id}/{call}");
        let work = async {
            let beat =
                json!({"lease_token": token, "progress": 40.0, "log": ["one", "two \u{1b}[2J"]});
            post(&server, &path("heartbeat"), beat).await;
            let body = json!({"lease_token": token, "error": "dark", "retryable": false});
            let body = if end == "fail" {
                body
            } else {
                json!({"lease_token": token})
            };
            post(&server, &path(end), body).await;
        };
        let (watched, followed, ()) = tokio::join!(watch, follow, work);
        let watched = Said::of(watched.unwrap());
        assert_eq!(watched.code, code, "{watched:?}");
        let last: Value = serde_json::from_str(watched.out.lines().last().unwrap()).unwrap();
        let status = if code == 0 { "completed" } else { "failed" };
        assert_eq!(last["status"], status);
        let logs = afar.done(&["jobs", "logs", id]).await;
        assert!(
            logs.starts_with("one\ntwo ") && !logs.contains('\u{1b}'),
            "{logs:?}"
        );
        assert_eq!(Said::of(followed.unwrap()).done(), logs);
        let lines = here.run(&["jobs", "watch", id]).await;
        assert_eq!(lines.code, code);
        assert!(lines.out.contains(status), "{lines:?}");
    }
}

#[on_both]
async fn what_goes_wrong_from_afar_is_said_in_a_sentence(db: TestDb) {
    let server = Server::start(&db.url).await;
    let afar = Afar::from(&server);
    let missing = afar.run(&["jobs", "get", "a/b?c"]).await.sentence(1);
    assert!(missing.ends_with("Job not found"), "{missing}");
    let nothing = afar.run(&["jobs", "get", ".."]).await.sentence(2);
    assert!(nothing.contains("there is nothing"), "{nothing}");
    let cursor = afar
        .run(&["jobs", "list", "--cursor", "x"])
        .await
        .sentence(2);
    assert!(cursor.contains("without --cursor"), "{cursor}");
    let table = afar.desk.file("jobs.csv", "job_type\na\n");
    let refused = afar
        .run(&["jobs", "create", "--from-csv", &table])
        .await
        .sentence(2);
    assert!(refused.ends_with("leave out --server"), "{refused}");
    let bad = afar
        .run(&["jobs", "create", "Not A Type"])
        .await
        .sentence(1);
    assert!(bad.contains("/job_type"), "{bad}");
    for (url, code, part) in [
        (
            "http://127.0.0.1:1",
            1,
            "http://127.0.0.1:1 cannot serve the call",
        ),
        ("http://user:secret@host", 2, "must not contain a user"),
        ("ftp://host", 2, "use the server's URL"),
    ] {
        let away = afar
            .desk
            .fails(code, &["jobs", "list", "--server", url])
            .await;
        assert!(away.contains(part), "{away}");
    }
}

#[on_both]
async fn a_server_with_keys_is_called_with_the_key_of_the_environment(db: TestDb) {
    let here = Desk::at(&db);
    here.done(&["migrate", "up"]).await;
    let create = ["keys", "create", "--role", "admin", "--name", "desk"];
    let key = here.done(&create).await.trim().to_owned();
    let server = Server::start(&db.url).await;
    let afar = Afar::from(&server);
    let refused = afar.run(&["workers"]).await.sentence(1);
    assert!(refused.contains("needs a key"), "{refused}");
    let list = ["jobs", "list", "--server", &server.url];
    let known = Desk::new().with("CALLSHEET_API_KEY", &key);
    assert_eq!(known.done(&list).await, "no jobs\n");
    let unknown = Desk::new().with("CALLSHEET_API_KEY", "cs_nobody");
    let refused = unknown.fails(1, &list).await;
    assert!(!refused.contains("cs_nobody"), "{refused}");
}

#[tokio::test]
async fn a_shell_gets_a_script_that_completes_commands_and_flags() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = desk.done(&["completions", shell]).await;
        assert!(
            script.contains("callsheet") && script.contains("jobs"),
            "{shell}"
        );
        assert!(script.contains("server"), "{shell}");
    }
    let unknown = desk.run(&["completions", "tcsh"]).await;
    assert_eq!(unknown.code, 2);
}

#[on_both]
async fn webhooks_are_added_and_steered_from_afar(db: TestDb) {
    let receiver = Receiver::start().await;
    let allowed = ["--webhook-allow-http", "--webhook-allow-net", "127.0.0.0/8"];
    let server = Server::start_with(&db.url, &allowed).await;
    let (here, afar) = (Desk::at(&db), Afar::from(&server));
    assert_eq!(afar.done(&["webhooks", "list"]).await, "no webhooks\n");
    let add = ["webhooks", "add", &receiver.url, "--kinds", "job.created"];
    let secret = afar.done(&add).await;
    assert!(secret.starts_with("whsec_"), "{secret}");
    let list = afar.json(&["webhooks", "list", "--json"]).await;
    let id = list["webhooks"][0]["webhook_id"].as_str().unwrap();
    let said = afar.done(&["webhooks", "test", id]).await;
    assert_eq!(said, "The endpoint accepted the message (204).\n");
    assert!(receiver.received()[0].is_signed_by(secret.trim()));
    afar.done(&["webhooks", "pause", id]).await;
    for args in [
        &["webhooks", "list"][..],
        &["webhooks", "list", "--json"],
        &["webhooks", "show", id],
        &["webhooks", "deliveries", id],
        &["webhooks", "deliveries", id, "--json"],
        &["webhooks", "secret"],
    ] {
        assert_eq!(afar.done(args).await, here.done(args).await, "{args:?}");
    }
    let shown = afar.json(&["webhooks", "show", id]).await;
    assert_eq!(shown["state"], "paused");
    afar.done(&["webhooks", "resume", id]).await;
    let rotated = afar.done(&["webhooks", "rotate-secret", id]).await;
    assert_ne!(rotated, secret);
    afar.done(&["webhooks", "replay", id, "--position", "0"])
        .await;
    let sent = afar.json(&["webhooks", "deliveries", id, "--json"]).await;
    let delivery = sent["deliveries"][0]["delivery_id"].to_string();
    afar.done(&["webhooks", "retry", &delivery]).await;
    let refused = afar.run(&["webhooks", "add", "https://10.1.2.3/"]).await;
    let refused = refused.sentence(1);
    assert!(
        refused.contains("10.1.2.3 is not a public address"),
        "{refused}"
    );
    afar.done(&["webhooks", "remove", id]).await;
    let gone = afar.run(&["webhooks", "show", id]).await.sentence(1);
    assert!(gone.contains("Webhook not found"), "{gone}");
}

#[on_both]
async fn schedules_are_added_and_steered_from_afar(db: TestDb) {
    let server = Server::start(&db.url).await;
    let (here, afar) = (Desk::at(&db), Afar::from(&server));
    let add = ["schedules", "add", "nightly", "--job-type", "idea2video"];
    let times = ["--cron", "0 */7 * * *", "--timezone", "europe/berlin"];
    let rest = [
        "--overlap",
        "queue_one",
        "--jitter-seconds",
        "5",
        "--ends-at",
        "2099-01-01T00:00:00Z",
    ];
    let added = afar.run(&[&add[..], &times[..], &rest[..]].concat()).await;
    assert!(
        added.err.contains("Note: */7 starts anew every day"),
        "{added:?}"
    );
    assert!(
        added.err.contains("Added nightly; its next time: "),
        "{added:?}"
    );
    added.done();
    let list = afar.json(&["schedules", "list", "--json"]).await;
    let row = &list["schedules"][0];
    assert_eq!(
        (
            &row["overlap"],
            &row["jitter_seconds"],
            &row["template"]["job_type"]
        ),
        (&json!("queue_one"), &json!(5), &json!("idea2video"))
    );
    for args in [
        &["schedules", "list"][..],
        &["schedules", "list", "--json"],
        &["schedules", "next", "nightly"],
        &["schedules", "next", "nightly", "--count", "3", "--json"],
    ] {
        assert_eq!(afar.done(args).await, here.done(args).await, "{args:?}");
    }
    afar.done(&["schedules", "pause", "nightly"]).await;
    assert!(here.done(&["schedules", "list"]).await.contains("paused"));
    let job = afar.done(&["schedules", "run", "nightly"]).await;
    assert!(job.starts_with("nightly.2"), "{job}");
    here.json(&["jobs", "get", job.trim(), "--json"]).await;
    afar.done(&["schedules", "resume", "nightly"]).await;
    let again = afar.run(&[&add[..], &["--every", "1h"]].concat()).await;
    let refused = again.sentence(1);
    assert!(refused.contains("already exists"), "{refused}");
    let wrong = ["schedules", "add", "s", "--job-type", "a", "--every", "-1d"];
    let refused = afar.run(&wrong).await.sentence(1);
    assert!(refused.contains("without a minus"), "{refused}");
    afar.done(&["schedules", "remove", "nightly"]).await;
    assert_eq!(here.done(&["schedules", "list"]).await, "no schedules\n");
}

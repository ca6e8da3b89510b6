//! `callsheet schedules`: added, shown, paused, run and removed.

use super::run::Desk;
use crate::support::TestDb;
use serde_json::{Value, json};

#[on_both]
async fn a_schedule_is_added_shown_paused_run_and_removed(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    assert_eq!(desk.done(&["schedules", "list"]).await, "no schedules\n");
    let add = ["schedules", "add", "nightly", "--job-type", "idea2video"];
    let times = ["--cron", "30 2 * * *", "--timezone", "europe/berlin"];
    let added = desk.run(&[&add[..], &times[..]].concat()).await;
    assert!(
        added.err.contains("Added nightly; its next time: "),
        "{added:?}"
    );
    assert_eq!(added.done(), "At 02:30 (Europe/Berlin)\n");
    let listed = desk.json(&["schedules", "list", "--json"]).await;
    let row = &listed["schedules"][0];
    assert_eq!(
        (&row["kind"], &row["overlap"], &row["template"]),
        (
            &json!("cron"),
            &json!("skip"),
            &json!({"job_type": "idea2video", "priority": 0})
        )
    );
    let next = desk
        .json(&["schedules", "next", "nightly", "--count", "3", "--json"])
        .await;
    assert_eq!(next["next"].as_array().unwrap().len(), 3);
    assert_eq!(next["next"][0], row["next_at"]);
    desk.done(&["schedules", "pause", "nightly"]).await;
    let table = desk.done(&["schedules", "list"]).await;
    assert!(table.contains("paused"), "{table}");
    let job = desk.done(&["schedules", "run", "nightly"]).await;
    assert!(job.starts_with("nightly.2"), "{job}");
    desk.done(&["schedules", "resume", "nightly"]).await;
    let listed = desk.json(&["schedules", "list", "--json"]).await;
    assert_eq!(listed["schedules"][0]["paused_at"], Value::Null);
    assert_eq!(listed["schedules"][0]["fired"], 1);
    desk.done(&["schedules", "remove", "nightly"]).await;
    let gone = desk.fails(1, &["schedules", "remove", "nightly"]).await;
    assert_eq!(gone, "Schedule not found");
}

#[on_both]
async fn what_does_not_fit_is_answered_with_the_remedy(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    for (times, remedy) in [
        (["--every", "-1d"], "without a minus"),
        (["--cron", "0 0 30 2 *"], "February 30"),
        (["--cron", "at noon"], "use five fields"),
        (["--at", "2020-01-01T00:00:00Z"], "The time has passed"),
    ] {
        let add = ["schedules", "add", "s", "--job-type", "a"];
        let refused = desk.fails(1, &[&add[..], &times[..]].concat()).await;
        assert!(refused.contains(remedy), "{times:?}: {refused}");
    }
    let notes = [
        "schedules",
        "add",
        "s",
        "--job-type",
        "a",
        "--cron",
        "0 */7 * * *",
    ];
    let added = desk.run(&notes).await;
    assert!(
        added.err.contains("Note: */7 starts anew every day"),
        "{added:?}"
    );
    added.done();
    for wrong in [
        &["schedules", "add", "s", "--job-type", "a"][..],
        &[
            "schedules",
            "add",
            "s",
            "--job-type",
            "a",
            "--every",
            "1h",
            "--cron",
            "* * * * *",
        ],
        &["schedules", "add", "s", "--every", "1h"],
        &[
            "schedules",
            "add",
            "s",
            "--every",
            "1h",
            "--template",
            "/nowhere.json",
        ],
    ] {
        assert_eq!(desk.run(wrong).await.code, 2, "{wrong:?}");
    }
}

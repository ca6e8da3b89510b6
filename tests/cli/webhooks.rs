//! `callsheet webhooks`: added, shown, tested, paused, replayed and removed.

use super::run::Desk;
use crate::{support::TestDb, webhooks::receiver::Receiver};
use serde_json::json;

const ALLOWED: [&str; 3] = ["--webhook-allow-http", "--webhook-allow-net", "127.0.0.0/8"];

#[on_both]
async fn a_webhook_is_added_shown_tested_paused_replayed_and_removed(db: TestDb) {
    let desk = Desk::at(&db);
    let receiver = Receiver::start().await;
    desk.done(&["migrate", "up"]).await;
    assert_eq!(desk.done(&["webhooks", "list"]).await, "no webhooks\n");
    let with = |args: &[&str]| -> Vec<String> {
        let all = ["webhooks"].iter().chain(&ALLOWED).chain(args);
        all.map(|arg| (*arg).to_owned()).collect()
    };
    let add = with(&[
        "add",
        &receiver.url,
        "--kinds",
        "job.failed",
        "--label",
        "team=red",
    ]);
    let add: Vec<&str> = add.iter().map(String::as_str).collect();
    let added = desk.run(&add).await;
    assert!(
        added.err.contains("Its secret, shown this once:"),
        "{added:?}"
    );
    let secret = added.done().trim().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let listed = desk.json(&["webhooks", "list", "--json"]).await;
    let row = &listed["webhooks"][0];
    assert_eq!(
        (&row["state"], &row["kinds"], &row["labels"]),
        (
            &json!("active"),
            &json!(["job.failed"]),
            &json!({"team": "red"})
        )
    );
    assert!(!listed.to_string().contains("whsec_"));
    let id = row["webhook_id"].as_str().unwrap();
    let test = with(&["test", id]);
    let test: Vec<&str> = test.iter().map(String::as_str).collect();
    let said = desk.done(&test).await;
    assert_eq!(said, "The endpoint accepted the message (204).\n");
    assert!(receiver.received()[0].is_signed_by(&secret));
    let refused = desk.fails(1, &["webhooks", "test", id]).await;
    assert!(refused.contains("has to begin with https://"), "{refused}");
    let rotated = desk.done(&["webhooks", "rotate-secret", id]).await;
    assert_ne!(rotated.trim(), secret);
    desk.done(&["webhooks", "pause", id]).await;
    let table = desk.done(&["webhooks", "list"]).await;
    assert!(table.contains("paused"), "{table}");
    desk.done(&["webhooks", "resume", id]).await;
    desk.done(&["webhooks", "replay", id, "--position", "0"])
        .await;
    let shown = desk.json(&["webhooks", "show", id]).await;
    assert_eq!(shown["state"], "active");
    let sent = desk.json(&["webhooks", "deliveries", id, "--json"]).await;
    let states: Vec<_> = sent["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].clone())
        .collect();
    assert_eq!(states, ["failed", "delivered"]);
    let table = desk.done(&["webhooks", "deliveries", id]).await;
    assert!(table.contains("webhook.test"), "{table}");
    desk.done(&["webhooks", "remove", id]).await;
    let gone = desk.fails(1, &["webhooks", "show", id]).await;
    assert_eq!(gone, "Webhook not found");
}

#[on_both]
async fn an_inward_url_is_refused_with_the_remedy(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let refused = desk
        .fails(1, &["webhooks", "add", "https://10.1.2.3/"])
        .await;
    assert!(
        refused.contains("10.1.2.3 is not a public address"),
        "{refused}"
    );
    assert!(refused.contains("--webhook-allow-net"), "{refused}");
}

//! `callsheet keys`, and a server that needs them.

use super::run::Desk;
use crate::support::{Server, TestDb};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

#[on_both]
async fn a_key_is_made_shown_rotated_and_revoked(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    assert_eq!(
        desk.done(&["keys", "list"]).await,
        "no keys: nothing authenticates\n"
    );
    let made = desk
        .run(&["keys", "create", "--role", "worker", "--name", "farm"])
        .await;
    assert!(
        made.err.contains("farm, worker") && !made.err.contains(made.out.trim()),
        "{made:?}"
    );
    let text = made.done();
    assert!(
        text.starts_with("cs_") && text.lines().count() == 1,
        "{text}"
    );
    let id = &text[3..11];
    let listed = desk.json(&["keys", "list", "--json"]).await;
    assert_eq!(
        (&listed["keys"][0]["key_id"], &listed["keys"][0]["role"]),
        (&id.into(), &"worker".into())
    );
    assert_eq!(listed["keys"][0]["revoked_at"], Value::Null);
    let rotated = desk.done(&["keys", "rotate", id]).await;
    assert!(rotated.starts_with(&text[..12]) && rotated != text);
    desk.done(&["keys", "revoke", id]).await;
    let table = desk.done(&["keys", "list"]).await;
    assert!(table.contains("revoked"), "{table}");
    assert_eq!(
        desk.fails(1, &["keys", "rotate", id]).await,
        "The key was revoked, and cannot get another text: create a new key."
    );
    assert_eq!(
        desk.fails(1, &["keys", "revoke", "abcd2345"]).await,
        "Key not found"
    );
    assert_eq!(
        desk.run(&["keys", "create", "--role", "king"]).await.code,
        2
    );
}

#[on_both]
async fn a_key_is_bound_to_types_and_labels_which_lists_show(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let bound = [
        "keys",
        "create",
        "--role",
        "worker",
        "--job-type",
        "b",
        "--job-type",
        "a",
        "--label",
        "team=red",
    ];
    desk.done(&bound).await;
    let listed = desk.json(&["keys", "list", "--json"]).await;
    let key = &listed["keys"][0];
    assert_eq!(key["job_types"], serde_json::json!(["a", "b"]));
    assert_eq!(key["labels"], serde_json::json!({"team": "red"}));
    let table = desk.done(&["keys", "list"]).await;
    assert!(table.contains("a, b, team=red"), "{table}");
    for (flag, wrong) in [("--label", "team"), ("--job-type", "No Type")] {
        let arguments = ["keys", "create", "--role", "worker", flag, wrong];
        let refused = desk.run(&arguments).await;
        assert_ne!(refused.code, 0, "{flag} {wrong}: {refused:?}");
    }
}

#[on_both]
async fn a_server_that_others_can_reach_starts_only_with_a_key(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    let serve = ["serve", "--listen", "0.0.0.0:0"];
    assert_eq!(
        desk.fails(2, &serve).await,
        "Nothing authenticates. Make a key: callsheet keys create --role admin, or say --no-auth"
    );
    let desk = desk.with("CALLSHEET_ADMIN_KEY", "four");
    let sentence = desk.fails(2, &serve).await;
    assert!(sentence.contains("at least 24 characters"), "{sentence}");
    let desk = Desk::at(&db);
    desk.done(&["keys", "create", "--role", "admin"]).await;
    let sentence = desk
        .fails(
            2,
            &["serve", "--listen", "127.0.0.1:0", "--cors-origin", "*"],
        )
        .await;
    assert!(sentence.contains("name the origins"), "{sentence}");
}

#[on_both]
async fn a_running_server_learns_of_keys_that_the_command_line_makes_and_revokes(db: TestDb) {
    let server = Server::start(&db.url).await;
    let desk = Desk::at(&db);
    let jobs = server.at("/api/v1/jobs");
    let status = async |key: &str| {
        let request = server.client.get(&jobs).bearer_auth(key);
        request.send().await.unwrap().status().as_u16()
    };
    let patience = crate::support::Patience::begin();
    assert_eq!(status("none").await, 200);
    let text = desk.done(&["keys", "create", "--role", "reader"]).await;
    let key = text.trim();
    while status("none").await != 401 {
        patience.pause("the server knows of the key").await;
    }
    assert_eq!(status(key).await, 200);
    desk.done(&["keys", "revoke", &key[3..11]]).await;
    while status(key).await != 401 {
        patience
            .pause("the server knows that the key was revoked")
            .await;
    }
    assert_eq!(status("none").await, 401, "it stays closed");
}

#[on_sqlite]
async fn a_key_file_that_others_can_read_is_a_warning(db: TestDb) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "four").unwrap();
    for (mode, warns) in [(0o644, true), (0o640, true), (0o600, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let desk = Desk::at(&db).with("CALLSHEET_ADMIN_KEY_FILE", file.to_str().unwrap());
        let said = desk.run(&["serve", "--listen", "127.0.0.1:0"]).await;
        assert!(said.err.contains("at least 24 characters"), "{said:?}");
        assert_eq!(said.err.contains("chmod 600"), warns, "{said:?}");
    }
}

#[on_both]
async fn the_audit_names_what_the_command_line_did(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    assert_eq!(desk.done(&["audit", "list"]).await, "no calls\n");
    let text = desk
        .done(&[
            "keys",
            "create",
            "--role",
            "reader",
            "--requests-per-minute",
            "60",
        ])
        .await;
    let listed = desk.json(&["keys", "list", "--json"]).await;
    assert_eq!(listed["keys"][0]["requests_per_minute"], 60);
    let id = &text[3..11];
    desk.done(&["keys", "revoke", id]).await;
    let audit = desk.json(&["audit", "list", "--json"]).await;
    assert_eq!(audit["entries"][0]["operation"], "revoke_key");
    assert_eq!(audit["entries"][1]["target"], id);
    assert_eq!(audit["entries"][0]["key_id"], Value::Null);
    let one = ["audit", "list", "--operation", "create_key", "--limit", "1"];
    let table = desk.done(&one).await;
    assert!(
        table.contains("create_key") && !table.contains("revoke_key"),
        "{table}"
    );
    let none = ["audit", "list", "--since", "2999-01-01T00:00:00Z"];
    assert_eq!(desk.done(&none).await, "no calls\n");
    assert_eq!(desk.run(&["audit", "list", "--limit", "0"]).await.code, 2);
}

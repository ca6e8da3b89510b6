//! Keys: made, taken from others, and known on all servers.

use crate::support::{TestApp, pointers, refusal};
use callsheet::jobs::{Access, Binding, NewKey, Permission};
use chrono::{TimeDelta, Timelike};
use entity::Role;

fn of(name: &str) -> NewKey {
    NewKey {
        name: name.into(),
        role: Role::Worker,
        expires_at: None,
        binding: Binding::default(),
        requests_per_minute: None,
    }
}

#[on_both]
async fn another_server_knows_a_key_and_its_end_when_it_looks_again(t: TestApp) {
    let other = t.another().await;
    assert_eq!(other.access(), Access::Unknown, "it has not looked yet");
    other.load_keys().await.unwrap();
    assert_eq!(other.access(), Access::Open);
    let made = t.create_key(of("farm")).await.unwrap();
    assert!(!made.row.hash.contains(&made.text) && made.row.hash.len() == 64);
    assert_eq!(t.authenticate(&made.text).unwrap().name, "farm");
    refusal(other.authenticate(&made.text), "unauthenticated");
    other.load_keys().await.unwrap();
    let principal = other.authenticate(&made.text).unwrap();
    assert!(other.is_still(&principal));
    t.revoke_key(&made.row.id).await.unwrap();
    refusal(t.authenticate(&made.text), "unauthenticated");
    other.load_keys().await.unwrap();
    refusal(other.authenticate(&made.text), "unauthenticated");
    assert!(!other.is_still(&principal));
    assert_eq!(other.access(), Access::Keys, "a revoked key opens nothing");
}

#[on_both]
async fn a_change_of_keys_wakes_those_who_wait_for_it(t: TestApp) {
    // The wait begins before the change.
    let ((), made) = tokio::join!(t.keys_changed(), t.create_key(of("a")));
    let id = made.unwrap().row.id;
    let rotated = t.rotate_key(&id);
    let ((), rotated) = tokio::join!(t.keys_changed(), rotated);
    rotated.unwrap();
    tokio::join!(t.keys_changed(), t.revoke_key(&id)).1.unwrap();
}

#[on_both]
async fn a_wrong_secret_and_an_unknown_key_are_refused_in_the_same_words(t: TestApp) {
    let (a, b) = (
        t.create_key(of("a")).await.unwrap(),
        t.create_key(of("b")).await.unwrap(),
    );
    let rotated = t.rotate_key(&a.row.id).await.unwrap();
    assert_ne!(rotated.text, a.text);
    let wrong_secret = refusal(t.authenticate(&a.text), "unauthenticated").to_string();
    // A key of another database.
    t.revoke_key(&b.row.id).await.unwrap();
    let revoked = refusal(t.authenticate(&b.text), "unauthenticated").to_string();
    assert_eq!(wrong_secret, revoked);
    assert_eq!(t.authenticate(&rotated.text).unwrap().role, Role::Worker);
}

#[on_both]
async fn the_last_use_is_stored_at_most_once_a_minute(t: TestApp) {
    let made = t.create_key(of("a")).await.unwrap();
    assert_eq!(t.note_keys_used().await.unwrap(), 0);
    t.authenticate(&made.text).unwrap();
    let first = t.now();
    assert_eq!(t.note_keys_used().await.unwrap(), 1);
    t.clock.advance(TimeDelta::seconds(30));
    t.authenticate(&made.text).unwrap();
    assert_eq!(t.note_keys_used().await.unwrap(), 0);
    let stored = async || t.list_keys().await.unwrap()[0].last_used_at.unwrap();
    assert_eq!(stored().await.second(), first.second());
    t.clock.advance(TimeDelta::seconds(31));
    t.authenticate(&made.text).unwrap();
    t.load_keys().await.unwrap();
    assert_eq!(t.note_keys_used().await.unwrap(), 1);
    assert!(stored().await > first);
}

#[on_both]
async fn a_key_without_a_name_or_with_an_end_in_the_past_is_not_made(t: TestApp) {
    for (new, places) in [
        (of(" "), vec!["/name too_short"]),
        (of("a\u{1b}[31m"), vec!["/name invalid_name"]),
        (
            of(&"x".repeat(101)),
            vec!["/name invalid_name", "/name too_long"],
        ),
        (
            NewKey {
                expires_at: Some(t.now()),
                ..of("a")
            },
            vec!["/expires_at out_of_range"],
        ),
    ] {
        let error = refusal(t.create_key(new).await, "invalid_request");
        assert_eq!(pointers(&error), places);
    }
    assert_eq!(t.list_keys().await.unwrap(), []);
    assert_eq!(Permission::JobsRead.least_role(), Role::Reader);
}

#[on_both]
async fn the_key_of_the_settings_is_an_admins_and_closes_the_server(t: TestApp) {
    t.load_keys().await.unwrap();
    t.set_admin_key("correct-horse-battery-staple");
    assert_eq!(t.access(), Access::Keys);
    let admin = t.authenticate("correct-horse-battery-staple").unwrap();
    assert_eq!(
        (admin.role, admin.name.as_str()),
        (Role::Admin, "CALLSHEET_ADMIN_KEY")
    );
    refusal(
        t.authenticate("correct-horse-battery-stapl"),
        "unauthenticated",
    );
    let (token, _) = t
        .start_session("correct-horse-battery-staple")
        .await
        .unwrap();
    assert_eq!(t.session(&token).unwrap().role, Role::Admin);
    let made = t.acting(admin).create_key(of("a")).await.unwrap();
    assert_eq!(
        made.row.created_by, None,
        "the key of the settings has no row"
    );
}

//! Faults that no test can bring about: the check gets the facts.

use super::limits;
use callsheet::{
    cli::doctor::{
        Finding, check_answer, check_connections, check_health, check_postgres, check_sqlite,
        check_version, check_versions,
    },
    db::{PostgresFacts, ServerFacts, SqliteFacts},
};
use serde_json::{Value, json};

fn ids(found: Vec<Finding>) -> Vec<&'static str> {
    found.into_iter().map(|one| one.id).collect()
}

fn well() -> PostgresFacts {
    PostgresFacts {
        version_number: 170_002,
        fsync: true,
        full_page_writes: true,
        autovacuum: true,
        max_connections: 97,
        open_connections: 20,
        transaction_age: 1_000,
        ..PostgresFacts::default()
    }
}

fn of_postgres(change: impl FnOnce(&mut PostgresFacts)) -> Vec<&'static str> {
    let mut facts = well();
    change(&mut facts);
    ids(check_postgres(&facts, &limits()))
}

#[test]
fn settings_and_sessions_of_postgresql() {
    assert_eq!(of_postgres(|_| {}), Vec::<&str>::new());
    assert_eq!(of_postgres(|of| of.fsync = false), ["postgres.fsync"]);
    assert_eq!(
        of_postgres(|of| of.full_page_writes = false),
        ["postgres.full_page_writes"]
    );
    assert_eq!(
        of_postgres(|of| of.autovacuum = false),
        ["postgres.autovacuum"]
    );
    assert_eq!(
        of_postgres(|of| of.version_number = 130_011),
        ["postgres.version"]
    );
    assert_eq!(
        of_postgres(|of| of.transaction_age = 1_500_000_000),
        ["postgres.transaction_age"]
    );
    assert_eq!(
        of_postgres(|of| of.open_connections = 95),
        ["postgres.connections_used"]
    );
}

#[test]
fn servers_of_versions_that_may_not_mix() {
    let servers = |versions: &[&str], oldest: Option<&str>| ServerFacts {
        live: versions
            .iter()
            .map(|version| ("10.0.0.1:3001".to_owned(), (*version).to_owned()))
            .collect(),
        oldest: oldest.map(str::to_owned),
    };
    let found = check_versions(&servers(&["0.2.0", "0.1.9"], Some("0.2.0"))).unwrap();
    assert_eq!(found.id, "servers.version");
    assert!(found.what.contains("10.0.0.1:3001 (0.1.9)"), "{found:?}");
    assert!(!found.what.contains("(0.2.0)"), "{found:?}");
    assert_eq!(
        check_versions(&servers(&["0.2.0", "0.1.9"], Some("0.1.0"))),
        None
    );
    assert_eq!(check_versions(&servers(&["0.2.0", "0.1.9"], None)), None);
}

#[test]
fn more_servers_than_postgres_has_connections_for() {
    let servers = |live: usize| ServerFacts {
        live: vec![("10.0.0.1:3001".to_owned(), "0.1.0".to_owned()); live],
        oldest: None,
    };
    let postgres = PostgresFacts {
        max_connections: 97,
        ..PostgresFacts::default()
    };
    // Eight and one for notices each.
    assert_eq!(check_connections(&servers(10), &postgres, &limits()), None);
    let found = check_connections(&servers(11), &postgres, &limits()).unwrap();
    assert_eq!(found.id, "servers.connections");
    assert!(found.what.contains("99"), "{found:?}");
}

#[test]
fn engines_that_break_a_promise() {
    for version in [
        "CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)",
        "PostgreSQL 11.2-YB-2.21.0.0-b0 on x86_64",
        "PostgreSQL 16 (Amazon Aurora DSQL)",
    ] {
        assert_eq!(check_version(version).unwrap().id, "database.engine");
    }
    for version in ["PostgreSQL 15.18 (Debian 15.18-0+deb12u1)", "3.50.2"] {
        assert_eq!(check_version(version), None);
    }
}

#[test]
fn a_file_on_a_network_disk() {
    let facts = SqliteFacts {
        journal_mode: "wal".to_owned(),
        is_on_network: true,
        free_disk: u64::MAX,
        ..SqliteFacts::default()
    };
    assert_eq!(
        ids(check_sqlite(&facts, &limits())),
        ["sqlite.network_disk"]
    );
}

fn health(change: Value) -> Vec<&'static str> {
    let mut health = json!({
        "status": "ok", "reasons": [], "version": env!("CARGO_PKG_VERSION"), "dropped_log_lines": 0,
        "loops": [{"name": "sweep", "error": null}],
    });
    for (name, value) in change.as_object().unwrap() {
        health[name] = value.clone();
    }
    ids(check_health(&health))
}

#[test]
fn what_a_server_answers_in_place_of_its_health() {
    let found = |answer, key| check_answer(&answer, key).map(ids);
    let unready = json!({"status": 503, "code": "not_ready", "detail": "Call with a key."});
    assert_eq!(found(unready, None), Some(vec!["server.failing"]));
    let limited = json!({"status": 429, "code": "rate_limited", "detail": "Wait for 3 s."});
    assert_eq!(found(limited, Some("key")), Some(vec!["server.refused"]));
    let degraded = json!({"status": "degraded"});
    assert_eq!(
        found(degraded, None),
        Some(vec!["server.degraded", "server.status_only"])
    );
    assert_eq!(found(json!({"hello": "world"}), None), None);
    assert_eq!(found(json!(null), None), None);
}

#[test]
fn what_a_server_says_of_its_health() {
    assert_eq!(health(json!({})), Vec::<&str>::new());
    assert_eq!(health(json!({"status": "failing"})), ["server.failing"]);
    assert_eq!(health(json!({"status": "degraded"})), ["server.degraded"]);
    assert_eq!(
        health(json!({"version": "9.9.9"})),
        ["server.other_version"]
    );
    assert_eq!(
        health(json!({"dropped_log_lines": 3})),
        ["server.log_dropped"]
    );
    assert_eq!(
        health(json!({"loops": [{"name": "sweep", "error": "a lock"}]})),
        ["server.loop_fails"]
    );
}

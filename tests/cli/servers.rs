//! `callsheet servers`: the servers of a database, from the database and from one of them.

use super::run::Desk;
use crate::support::{Patience, Server, TestDb};
use serde_json::Value;

/// Waits until the list has this many servers.
async fn listed(desk: &Desk, args: &[&str], wanted: usize) -> Vec<Value> {
    let patience = Patience::begin();
    loop {
        let list = desk.json(&[&["servers", "--json"], args].concat()).await;
        let servers = list["servers"].as_array().unwrap().clone();
        if servers.len() == wanted {
            return servers;
        }
        patience.pause("the servers are listed").await;
    }
}

#[on_both]
async fn servers_are_listed_until_they_stop_and_killed_ones_stay(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up"]).await;
    assert_eq!(desk.done(&["servers"]).await, "no servers\n");
    let (one, two) = (Server::start(&db.url).await, Server::start(&db.url).await);
    let servers = listed(&desk, &[], 2).await;
    let afar = listed(&desk, &["--server", &one.url], 2).await;
    assert_eq!(
        servers.iter().map(|s| &s["server_id"]).collect::<Vec<_>>(),
        afar.iter().map(|s| &s["server_id"]).collect::<Vec<_>>()
    );
    for server in &servers {
        assert_eq!(server["live"], true, "{server}");
        assert_eq!(server["version"], env!("CARGO_PKG_VERSION"));
        let listen = server["listen"].as_str().unwrap();
        assert!(
            [&one, &two].iter().any(|s| s.url.ends_with(listen)),
            "{server}"
        );
    }
    let table = desk.done(&["servers"]).await;
    assert!(table.contains("LISTENS ON"), "{table}");
    let health = one.client.get(one.at("/health")).send().await.unwrap();
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["servers"]["live"], 2, "{health}");
    assert_eq!(two.stop("TERM").await.code(), Some(0));
    let left = listed(&desk, &[], 1).await;
    assert!(one.url.ends_with(left[0]["listen"].as_str().unwrap()));
    one.kill().await;
    let stayed = listed(&desk, &[], 1).await;
    assert_eq!(
        stayed[0]["server_id"], left[0]["server_id"],
        "it was killed"
    );
}

//! list_servers: servers of the database, by their signs of life.

use crate::support::TestApp;
use chrono::TimeDelta;

#[on_both]
async fn a_server_is_listed_while_it_gives_signs_of_life_and_forgotten_after_a_day(t: TestApp) {
    assert_eq!(t.note_server().await.unwrap(), 0, "it does not serve");
    assert!(t.list_servers().await.unwrap().is_empty());
    let other = t.another().await;
    let began = t.now();
    t.register_server("10.0.0.1:3001".parse().unwrap());
    other.register_server("10.0.0.2:3001".parse().unwrap());
    t.note_server().await.unwrap();
    other.note_server().await.unwrap();
    let listed = || async {
        let servers = t.list_servers().await.unwrap().into_iter();
        let mut listed: Vec<_> = servers.map(|one| (one.row.listen, one.live)).collect();
        listed.sort();
        listed
    };
    let (first, second) = ("10.0.0.1:3001".to_owned(), "10.0.0.2:3001".to_owned());
    let both = [(first.clone(), true), (second.clone(), true)];
    assert_eq!(listed().await, both);
    assert_eq!(t.live_servers().await.unwrap(), 2);
    t.clock.advance(TimeDelta::seconds(61));
    t.note_server().await.unwrap();
    let one_is_gone = [(first.clone(), true), (second.clone(), false)];
    assert_eq!(listed().await, one_is_gone);
    assert_eq!(t.live_servers().await.unwrap(), 1);
    let row = t.list_servers().await.unwrap().remove(0).row;
    assert_eq!(row.started_at, began);
    assert_eq!(row.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(row.schema.as_deref(), Some("s0028_settings"));
    t.clock.advance(TimeDelta::days(1));
    assert_eq!(t.note_server().await.unwrap(), 1, "the other is forgotten");
    assert_eq!(listed().await, [(first, true)]);
    t.remove_server().await.unwrap();
    assert_eq!(t.note_server().await.unwrap(), 0, "it stays away");
    assert!(t.list_servers().await.unwrap().is_empty());
    other.database().clone().close().await.unwrap();
}

#[on_both]
async fn a_sign_of_life_is_no_news_of_jobs(t: TestApp) {
    let mut news = t.database().change_bus().subscribe();
    t.register_server("127.0.0.1:3001".parse().unwrap());
    t.note_server().await.unwrap();
    let job = t.queued().await;
    let first = news.next().await;
    assert_eq!(first.jobs.len(), 1, "{first:?}");
    assert_eq!(first.jobs[0].job_id, job.id);
}

//! `callsheet migrate`: destructive commands want `--yes` and say what they would drop.

use super::run::{Desk, sample};
use crate::{migrations::earlier::make_all_earlier, support::TestDb};
use migration::{Migrator, MigratorTrait};

fn steps() -> usize {
    Migrator::migrations().len()
}

async fn applied(desk: &Desk) -> usize {
    let status = desk.done(&["migrate", "status"]).await;
    assert_eq!(status.lines().count(), steps(), "{status}");
    status
        .lines()
        .filter(|line| line.starts_with("applied "))
        .count()
}

#[on_both]
async fn up_status_and_down_take_steps(db: TestDb) {
    let desk = Desk::at(&db);
    assert_eq!(
        desk.done(&["migrate", "up", "--steps", "2"])
            .await
            .lines()
            .count(),
        2
    );
    assert_eq!(applied(&desk).await, 2);
    assert_eq!(
        desk.done(&["migrate", "up"]).await.lines().count(),
        steps() - 2
    );
    assert_eq!(desk.done(&["migrate", "up"]).await, "nothing to do\n");
    assert_eq!(applied(&desk).await, steps());
    assert_eq!(desk.done(&["migrate", "down"]).await.lines().count(), 1);
    assert_eq!(applied(&desk).await, steps() - 1);
    assert_eq!(
        desk.done(&["migrate", "down", "--steps", "99"])
            .await
            .lines()
            .count(),
        steps() - 1
    );
    assert_eq!(desk.done(&["migrate", "down"]).await, "nothing to do\n");
    assert_eq!(applied(&desk).await, 0);
}

/// The run has to be refused for want of `--yes`, after it has said what it would drop, and to
/// change nothing.
async fn asks(desk: &Desk, args: &[&str]) {
    let before = (applied(desk).await, desk.done(&["export"]).await);
    let said = desk.run(args).await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, ""),
        "{args:?}: {said:?}"
    );
    let (drops, sentence): (Vec<_>, Vec<_>) = said
        .err
        .lines()
        .partition(|line| line.starts_with("drops "));
    assert!(
        drops
            .iter()
            .any(|line| line.contains("video_generation_jobs") && line.contains("1 row")),
        "{drops:?}"
    );
    assert!(
        sentence.len() == 1 && sentence[0].starts_with("callsheet: nothing was changed"),
        "{sentence:?}"
    );
    assert!(sentence[0].contains("--yes"), "{sentence:?}");
    assert_eq!((applied(desk).await, desk.done(&["export"]).await), before);
}

#[on_both]
async fn down_asks_only_when_rows_would_be_lost(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["jobs", "create", "a"]).await;
    asks(&desk, &["migrate", "down", "--steps", "99"]).await;
    // The newest tables are empty.
    desk.done(&["migrate", "down", "--steps", "1"]).await;
    desk.done(&["migrate", "down", "--steps", "99", "--yes"])
        .await;
    assert_eq!(applied(&desk).await, 0);
}

#[on_both]
async fn fresh_refresh_and_reset_always_ask(db: TestDb) {
    let desk = Desk::at(&db);
    for (verb, left) in [("fresh", steps()), ("refresh", steps()), ("reset", 0)] {
        desk.done(&["migrate", "up"]).await;
        let said = desk.run(&["migrate", verb]).await;
        assert_eq!(said.code, 1, "{verb} of empty tables asks too: {said:?}");
        desk.done(&["jobs", "create", "a"]).await;
        asks(&desk, &["migrate", verb]).await;
        desk.done(&["migrate", verb, "--yes"]).await;
        assert_eq!(applied(&desk).await, left, "{verb}");
        desk.done(&["migrate", "up"]).await;
        assert_eq!(desk.done(&["export"]).await, "", "{verb}");
    }
}

#[on_both]
async fn a_command_on_an_older_schema_asks_for_migrate_up(db: TestDb) {
    let desk = Desk::at(&db);
    desk.done(&["migrate", "up", "--steps", "2"]).await;
    for args in [&["jobs", "list"][..], &["export"], &["jobs", "create", "a"]] {
        let sentence = desk.fails(1, args).await;
        assert!(sentence.contains("callsheet migrate up"), "{sentence}");
    }
    assert_eq!(applied(&desk).await, 2);
}

#[on_both]
async fn every_command_refuses_a_database_of_an_earlier_build(db: TestDb) {
    make_all_earlier(&db).await;
    let desk = Desk::at(&db);
    let store = sample("vedo_jobs.json");
    let commands = [
        "serve --listen 127.0.0.1:0",
        "serve --listen 127.0.0.1:0 --no-migrate",
        "jobs list",
        "jobs create a",
        "export",
        "imports list",
        "workers",
        "queue list",
        "migrate status",
        "migrate up",
        "migrate down --yes",
        "migrate reset --yes",
        "migrate refresh --yes",
        "migrate fresh --yes",
        "migrate fresh",
    ];
    let commands = commands
        .iter()
        .map(|command| command.split(' ').collect::<Vec<_>>());
    for args in commands.chain([vec!["import", &store], vec!["import", "--dry-run", &store]]) {
        let sentence = desk.fails(1, &args).await;
        assert!(
            sentence.contains("made by an earlier build"),
            "{args:?}: {sentence}"
        );
        assert!(
            sentence.contains("`callsheet export`") && sentence.contains("`callsheet import`"),
            "{sentence}"
        );
    }
}

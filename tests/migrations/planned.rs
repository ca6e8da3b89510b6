//! The plan of a migration: what it says, and that it changes nothing.

use super::{UP, dump::schema, up};
use crate::{
    cli::run::Desk,
    support::{Backend, Fixture, TestDb},
};
use callsheet::db::migrate::{Change, migrate, plan, status};
use sea_orm::ConnectionTrait;

#[on_both]
async fn a_plan_has_the_statements_that_up_runs_and_changes_nothing(t: TestDb) {
    let db = t.connect().await;
    let first = Change::Up { limit: Some(10) };
    migrate(&db, first).await.unwrap();
    let before = schema(&t).await;
    let planned = plan(&db).await.unwrap();
    assert_eq!(schema(&t).await, before);
    let pending = status(&db).await.unwrap().into_iter();
    let pending: Vec<_> = pending
        .filter(|step| !step.applied)
        .map(|step| step.name)
        .collect();
    let names: Vec<_> = planned.steps.iter().map(|step| &step.name).collect();
    assert_eq!(names, pending.iter().collect::<Vec<_>>());
    // The statements make the same schema as the steps.
    let raw = t.raw().await;
    for sql in planned.steps.iter().flat_map(|step| &step.statements) {
        raw.execute_unprepared(sql).await.unwrap_or_else(|error| {
            panic!("{sql}: {error}");
        });
    }
    raw.close().await.unwrap();
    let by_hand = schema(&t).await;
    assert_eq!(up(&db).await, Vec::<String>::new());
    let stepped = TestDb::empty(t.backend).await;
    migrate(&stepped.connect().await, UP).await.unwrap();
    assert_eq!(by_hand, schema(&stepped).await);
    stepped.tear_down().await;
}

#[on_both]
async fn a_plan_names_the_tables_that_it_locks(t: TestDb) {
    let desk = Desk::at(&t);
    desk.done(&["migrate", "up", "--steps", "10"]).await;
    let text = desk.done(&["migrate", "plan"]).await;
    assert!(text.contains("-- step s0011_job_counts\n"), "{text}");
    assert!(text.contains("CREATE TRIGGER"), "{text}");
    let plan = desk.json(&["migrate", "plan", "--json"]).await;
    let counts = &plan["steps"][0];
    assert_eq!(counts["name"], "s0011_job_counts");
    let lock = "-- locks video_generation_jobs (SHARE ROW EXCLUSIVE): writes wait";
    if t.backend == Backend::Postgres {
        assert!(text.contains(lock), "{text}");
        assert_eq!(counts["locks"][0]["table"], "video_generation_jobs");
        assert_eq!(plan["locks_file"], false);
    } else {
        assert!(text.contains("locks the file"), "{text}");
        assert_eq!(plan["locks_file"], true);
    }
    desk.done(&["migrate", "up"]).await;
    assert_eq!(desk.done(&["migrate", "plan"]).await, "nothing to do\n");
}

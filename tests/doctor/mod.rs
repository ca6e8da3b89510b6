//! `callsheet doctor`: each check finds exactly the thing that is broken, and a clean system has
//! nothing to find.

mod clean;
mod config;
mod database;
mod facts;
mod schema;
mod work;

use crate::support::TestDb;
use callsheet::cli::doctor::{Finding, Limits, check_database};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use std::os::unix::fs::PermissionsExt;

/// Settings of the PostgreSQL of the tests, which may be quick instead of safe.
const OF_TESTS: [&str; 2] = ["postgres.fsync", "postgres.full_page_writes"];

/// Limits for tests, whose clock is not that of the database.
fn limits() -> Limits {
    Limits {
        clock_skew: TimeDelta::days(100_000),
        min_free_disk: Some(0),
        ..Limits::default()
    }
}

/// What is found, apart from the settings of the PostgreSQL of the tests.
async fn found_with(url: &str, now: DateTime<Utc>, limits: &Limits) -> Vec<Finding> {
    if let Some(file) = url.strip_prefix("sqlite://")
        && std::path::Path::new(file).exists()
    {
        // The process of the tests makes files for everyone.
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut found = check_database(url, now, limits, true).await;
    found.retain(|one| !OF_TESTS.contains(&one.id));
    for one in &found {
        assert!(one.what.ends_with('.') && one.fix.ends_with('.'), "{one:?}");
    }
    found
}

async fn ids(url: &str, now: DateTime<Utc>) -> Vec<&'static str> {
    let found = found_with(url, now, &limits()).await;
    found.into_iter().map(|one| one.id).collect()
}

/// Runs statements past Callsheet.
async fn break_it(db: &TestDb, statements: &[&str]) {
    let raw = db.raw().await;
    for sql in statements {
        raw.execute_unprepared(sql).await.unwrap();
    }
    raw.close().await.unwrap();
}

//! Asking for a plan, and what is wrong with it.

use crate::support::{Backend, TestApp};
use sea_orm::{ConnectionTrait, QueryTrait, Statement};

/// The steps of the plan.
pub async fn plan(t: &TestApp, query: &impl QueryTrait) -> Vec<String> {
    plan_of(t, query.build(t.database().read().get_database_backend())).await
}

/// The steps of the plan of a statement that is text.
pub async fn plan_of(t: &TestApp, asked: Statement) -> Vec<String> {
    let db = t.database().read();
    let backend = db.get_database_backend();
    let (ask, column) = match t.db.backend {
        Backend::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Backend::Postgres => ("EXPLAIN", 0),
    };
    let sql = format!("{ask} {}", asked.sql);
    let rows = db
        .query_all_raw(Statement {
            sql,
            values: asked.values,
            db_backend: backend,
        })
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.try_get_by_index(column).unwrap())
        .collect()
}

/// Panics unless the rows come out of an index, and in its order.
pub async fn assert_served_by_an_index(t: &TestApp, what: &str, query: &impl QueryTrait) {
    assert_no_step(t, what, query, |step| {
        scans(t.db.backend, step) || sorts(t.db.backend, step)
    })
    .await;
}

/// Panics unless the rows come out of an index. They may be put in order: there are few.
pub async fn assert_led_to_by_an_index(t: &TestApp, what: &str, query: &impl QueryTrait) {
    assert_no_step(t, what, query, |step| scans(t.db.backend, step)).await;
}

async fn assert_no_step(
    t: &TestApp,
    what: &str,
    query: &impl QueryTrait,
    bad: impl Fn(&str) -> bool,
) {
    let steps = plan(t, query).await;
    println!("{what} on {:?}:\n  {}", t.db.backend, steps.join("\n  "));
    assert!(
        !steps.iter().any(|step| bad(step)),
        "{what} on {:?}:\n{}\n{}",
        t.db.backend,
        query.build(t.database().read().get_database_backend()),
        steps.join("\n")
    );
}

fn scans(backend: Backend, step: &str) -> bool {
    match backend {
        Backend::Sqlite => {
            step.starts_with("SCAN")
                && !step.contains("USING INDEX")
                && !step.contains("USING COVERING INDEX")
        }
        Backend::Postgres => step.contains("Seq Scan"),
    }
}

fn sorts(backend: Backend, step: &str) -> bool {
    match backend {
        Backend::Sqlite => step.contains("TEMP B-TREE"),
        Backend::Postgres => step.contains("Sort"),
    }
}

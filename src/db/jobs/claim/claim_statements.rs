//! Statements of a claim with sample values, so that their query plans can be inspected.

use crate::db::{
    Database,
    dialect::{self, claims::Source},
    jobs::claim::rank_level::texts,
    rows::bulk,
};
use chrono::{DateTime, Utc};
use sea_orm::{Statement, Value};
use serde_json::json;

/// Returns the statements of a claim of these types, with sample values, so that their query plans
/// can be inspected.
pub fn claim_statements(
    db: &Database,
    types: &[String],
    now: DateTime<Utc>,
    limit: i64,
) -> Vec<(&'static str, Statement)> {
    let backend = db.read().get_database_backend();
    let list = bulk::list(backend, &texts(types));
    let mut picked: Vec<Value> = vec![now.into(), limit.into()];
    let mut sources = Vec::new();
    for kind in types {
        // The ranks of priority 0: jobs that were started before come first.
        for (rank, source) in [(0, Source::Always), (1, Source::Timed)] {
            picked.extend([Value::from(kind.as_str()), rank.into(), limit.into()]);
            sources.push(source);
        }
    }
    let mut given: Vec<Value> = vec!["w".into(), now.into(), now.into(), "call".into()];
    if dialect::rows::takes_arrays(backend) {
        let one = || Value::from(bulk::list(backend, &["job-1"]));
        given.extend([one(), one(), bulk::list(backend, &[""]).into()]);
    } else {
        given.push(json!([["job-1", "token", ""]]).to_string().into());
    }
    let times = || [now, now, now, now].map(Value::from).to_vec();
    let statement =
        |sql: String, values: Vec<Value>| Statement::from_sql_and_values(backend, sql, values);
    vec![
        (
            "the queues",
            statement(
                dialect::claims::priorities(backend),
                vec![list.clone().into()],
            ),
        ),
        (
            "the jobs",
            statement(
                dialect::claims::select_due(backend, &sources, "id, run_at, created_at", true, 0),
                picked,
            ),
        ),
        (
            "the claim",
            statement(dialect::claims::assign(backend), given),
        ),
        (
            "what runs",
            statement(dialect::claims::running(backend), vec![list.into()]),
        ),
        (
            "leases that ran out",
            statement(
                dialect::claims::expired(backend),
                [times(), vec![limit.into(), 0i64.into()]].concat(),
            ),
        ),
        (
            "any that ran out",
            statement(dialect::claims::any_expired(backend), times()),
        ),
        (
            "what comes next of all types",
            statement(dialect::claims::all_ranks(backend), Vec::new()),
        ),
        (
            "the first jobs of all types",
            statement(
                dialect::claims::first_of_rank(backend, Source::Timed, "id"),
                vec![1i32.into(), now.into(), limit.into()],
            ),
        ),
        (
            "a claim that was asked before",
            statement(
                dialect::claims::claimed_by_call(backend, "id"),
                vec!["w".into(), "call".into()],
            ),
        ),
    ]
}

//! Number of jobs of each type that a claim may give, by the settings of the queues.

use crate::{
    db::{Readable, Tx, dialect, jobs::claim::rank_level::texts, rows::bulk},
    error::Result,
};
use entity::queue;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
    sea_query::{Expr, LockType},
};
use std::collections::HashMap;

/// Maximum seconds of an attempt, of the types whose queues set one.
pub(super) type RunLimits = HashMap<String, i32>;

/// Returns how many jobs of each type may be claimed, without paused types, and the limits of their
/// attempts. Locks the row of a queue that has a limit, so that claims of its type run one after
/// the other and each counts the jobs that the one before gave out.
pub(super) async fn capacity(
    tx: &Tx,
    job_types: &[String],
    max_jobs: usize,
) -> Result<(HashMap<String, usize>, RunLimits)> {
    let backend = tx.get_database_backend();
    let set = |types: &[&str]| {
        queue::Entity::find().filter(bulk::is_one_of(
            backend,
            Expr::col(queue::Column::JobType),
            types,
        ))
    };
    let mut room: HashMap<String, usize> = job_types
        .iter()
        .map(|kind| (kind.clone(), max_jobs))
        .collect();
    let queues = set(&texts(job_types)).rows(tx).await?;
    let limited: Vec<&str> = queues
        .iter()
        .filter(|queue| queue.max_running.is_some())
        .map(|queue| queue.job_type.as_str())
        .collect();
    let locked = if limited.is_empty() {
        Vec::new()
    } else {
        set(&limited)
            .order_by_asc(queue::Column::JobType)
            .lock(LockType::Update)
            .rows(tx)
            .await?
    };
    let running = running(tx, &limited).await?;
    let limits = queues
        .iter()
        .filter_map(|queue| Some((queue.job_type.clone(), queue.max_run_seconds?)));
    let limits = limits.collect();
    for queue in queues.iter().chain(&locked) {
        if queue.paused {
            room.remove(&queue.job_type);
        }
    }
    for queue in locked {
        let Some(most) = queue
            .max_running
            .and_then(|most| usize::try_from(most).ok())
        else {
            continue;
        };
        let left = most.saturating_sub(running.get(&queue.job_type).copied().unwrap_or_default());
        room.entry(queue.job_type)
            .and_modify(|room| *room = left.min(*room));
    }
    room.retain(|_, room| *room > 0);
    Ok((room, limits))
}

/// Counts the running jobs of each of these types.
pub async fn running(
    db: &impl ConnectionTrait,
    types: &[&str],
) -> Result<HashMap<String, usize>, DbErr> {
    #[derive(FromQueryResult)]
    struct Running {
        job_type: String,
        running: i64,
    }
    if types.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = db.get_database_backend();
    let list = bulk::list(backend, types);
    let asked =
        Statement::from_sql_and_values(backend, dialect::claims::running(backend), [list.into()]);
    let rows = Running::find_by_statement(asked).rows(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.job_type,
                usize::try_from(row.running).unwrap_or_default(),
            )
        })
        .collect())
}

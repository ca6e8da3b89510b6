//! Position up to which the history is certain, for readers that come by once in a while.

use crate::{
    db::{
        Readable, Reader,
        changes::history::{GAP_CHECK_DELAY, MAX_WAIT, last_position, writers},
        dialect,
    },
    error::{Error, Result},
};
use entity::job_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::time::Instant;

/// Position up to which every event that will ever exist can be read.
pub struct Certain {
    pub position: i64,
    /// What the events behind it wait for; `None` if there are none.
    pub waits_for: Option<String>,
}

impl Certain {
    /// Returns the result of work up to the position.
    ///
    /// Errors: `database_unavailable`, if events behind it wait for transactions of other programs.
    pub fn whole<T>(self, done: T) -> Result<T> {
        self.waits_for
            .map_or(Ok(done), |pids| Err(Error::Waits(pids)))
    }
}

/// Returns the position up to which the history is certain, behind one that is. Waits some seconds
/// for transactions that may still fill an earlier position; if they stay open, this is the last
/// position before which none is missing.
pub async fn certain_behind(conn: &Reader, position: i64) -> Result<Certain> {
    let (last, began) = (last_position(conn).await?, Instant::now());
    let mut open = writers(conn).await?;
    while !open.is_empty() && began.elapsed() < MAX_WAIT {
        tokio::time::sleep(GAP_CHECK_DELAY).await;
        let left = writers(conn).await?;
        open.retain(|writer| left.contains(writer));
    }
    if open.is_empty() {
        return Ok(Certain {
            position: last,
            waits_for: None,
        });
    }
    let pids: Vec<String> = dialect::event_writers(conn)
        .await?
        .into_iter()
        .filter(|writer| open.contains(&writer.transaction))
        .map(|writer| match writer.application.as_str() {
            "" => writer.pid.to_string(),
            application => format!("{} ({application})", writer.pid),
        })
        .collect();
    Ok(Certain {
        position: without_gaps(conn, position).await?,
        waits_for: Some(pids.join(", ")),
    })
}

/// Maximum number of positions in which one call looks for a gap.
const MAX_LOOKED_AT: u64 = 5_000;

async fn without_gaps(conn: &Reader, position: i64) -> Result<i64> {
    let ids = job_event::Entity::find()
        .select_only()
        .column(job_event::Column::Id)
        .filter(job_event::Column::Id.gt(position))
        .order_by_asc(job_event::Column::Id)
        .limit(MAX_LOOKED_AT);
    let ids: Vec<i64> = ids.into_tuple().rows(conn).await?;
    let next = position.saturating_add(1)..;
    let whole = ids.iter().zip(next).take_while(|(id, next)| **id == *next);
    Ok(whole.last().map_or(position, |(id, _)| *id))
}

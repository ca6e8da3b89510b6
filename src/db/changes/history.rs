//! History of all jobs: its ends, the events behind a position, and the transactions that write it.

use crate::{
    db::{Readable, Reader, dialect},
    error::Result,
};
use entity::job_event;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::{collections::HashSet, time::Duration};

/// Maximum events of one read.
pub const MAX_READ_EVENTS: u64 = 200;

/// Columns of an event that may hold long values.
pub const LARGE_COLUMNS: [job_event::Column; 2] =
    [job_event::Column::Data, job_event::Column::CurrentStage];

/// Delay between two checks whether a gap is filled or will stay empty.
pub(super) const GAP_CHECK_DELAY: Duration = Duration::from_millis(5);

/// Maximum time that a reader waits for a transaction of another program. It may be idle for hours,
/// and has hardly ever drawn a position.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(5);

/// Last position in the history; 0 if it is empty.
pub async fn last_position(conn: &impl ConnectionTrait) -> Result<i64> {
    Ok(end(conn, true).await?.unwrap_or(0))
}

/// First position in the history; `None` if it is empty.
pub async fn first_position(conn: &Reader) -> Result<Option<i64>> {
    end(conn, false).await
}

async fn end(conn: &impl ConnectionTrait, last: bool) -> Result<Option<i64>> {
    let ids = job_event::Entity::find()
        .select_only()
        .column(job_event::Column::Id)
        .limit(1);
    let ids = if last {
        ids.order_by_desc(job_event::Column::Id)
    } else {
        ids.order_by_asc(job_event::Column::Id)
    };
    Ok(ids.into_tuple().row(conn).await?)
}

/// Selects all events after a position, in order.
pub fn behind(position: i64) -> sea_orm::Select<job_event::Entity> {
    job_event::Entity::find()
        .filter(job_event::Column::Id.gt(position))
        .order_by_asc(job_event::Column::Id)
}

/// Returns the open transactions that write events.
pub(super) async fn writers(conn: &Reader) -> Result<HashSet<String>> {
    Ok(dialect::writers_of_events(conn)
        .await?
        .into_iter()
        .collect())
}

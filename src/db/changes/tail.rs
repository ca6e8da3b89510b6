//! Reads the history of all jobs in the order of its positions, without passing a position that may
//! still be filled.
//!
//! A sequence assigns the positions, and on PostgreSQL transactions commit in another order than
//! they drew from it: a reader that asks for the events after the last position it saw would miss
//! those committed late. This reader waits at a gap until no transaction is left that could fill
//! it. A transaction locks the table before it draws a position, so one that does not hold the lock
//! after the gap was seen has not drawn that position or has ended.

use crate::{
    db::{Readable, Reader, dialect, part},
    error::Result,
};
use entity::job_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::{collections::HashSet, time::Duration};

/// Maximum events of one read.
pub const MAX_READ_EVENTS: u64 = 200;

/// Columns of an event that may hold long values.
pub const LARGE_COLUMNS: [job_event::Column; 2] =
    [job_event::Column::Data, job_event::Column::CurrentStage];

/// Delay between two checks whether a gap is filled or will stay empty.
const GAP_CHECK_DELAY: Duration = Duration::from_millis(5);

pub struct Tail {
    conn: Reader,
    done: i64,
    mark: Option<Mark>,
    more: bool,
}

/// Marks a gap: a position up to `upto` that is missing stays missing once these writers have
/// ended.
struct Mark {
    upto: i64,
    writers: HashSet<String>,
}

impl Tail {
    /// Begins after the current end of the history. Returns once no earlier position can be filled
    /// any more.
    pub async fn from_end(conn: Reader) -> Result<Self> {
        let done = last_position(&conn).await?;
        let mut writers = writers(&conn).await?;
        while !writers.is_empty() {
            tokio::time::sleep(GAP_CHECK_DELAY).await;
            let left = self::writers(&conn).await?;
            writers.retain(|writer| left.contains(writer));
        }
        Ok(Self {
            conn,
            done,
            mark: None,
            more: false,
        })
    }

    /// Position up to which every event that will ever exist has been read.
    pub fn position(&self) -> i64 {
        self.done
    }

    /// Delay after which another read may find events without a notice: zero, a few milliseconds,
    /// or `None` if unknown.
    pub fn again_in(&self) -> Option<Duration> {
        match &self.mark {
            Some(mark) if mark.writers.is_empty() => Some(Duration::ZERO),
            Some(_) => Some(GAP_CHECK_DELAY),
            None => self.more.then_some(Duration::ZERO),
        }
    }

    /// Returns the next events in order, at most [`MAX_READ_EVENTS`].
    pub async fn read(&mut self) -> Result<Vec<job_event::Model>> {
        let settled = self.settled().await?;
        let read = part(
            behind(self.done),
            MAX_READ_EVENTS,
            &LARGE_COLUMNS,
            &self.conn,
        )
        .await?;
        let mut events: Vec<job_event::Model> = read.rows;
        self.more = read.more;
        let ordered = dialect::commits_in_order(self.conn.get_database_backend());
        let newest = events.last().map(|event| event.id);
        let mut next = self.done.saturating_add(1);
        let certain = |event: &&job_event::Model| {
            let certain =
                ordered || event.id == next || settled.is_some_and(|settled| event.id <= settled);
            next = event.id.saturating_add(1);
            certain
        };
        let certain = events.iter().take_while(certain).count();
        let waits = certain < events.len();
        events.truncate(certain);
        self.done = events.last().map_or(self.done, |event| event.id);
        if let (Some(settled), false) = (settled, self.more) {
            self.done = self.done.max(settled);
        }
        match newest.filter(|_| waits) {
            // The earlier mark, if any, has served its purpose and does not cover this gap.
            Some(upto) if settled.is_some() || self.mark.is_none() => {
                self.mark = Some(Mark {
                    upto,
                    writers: writers(&self.conn).await?,
                });
            }
            Some(_) => {}
            None if self.more && settled.is_some() => {}
            None => self.mark = None,
        }
        Ok(events)
    }

    /// Position up to which no open transaction can fill a gap; `None` if there is no such mark.
    async fn settled(&mut self) -> Result<Option<i64>> {
        let Some(mark) = &mut self.mark else {
            return Ok(None);
        };
        if !mark.writers.is_empty() {
            let left = writers(&self.conn).await?;
            mark.writers.retain(|writer| left.contains(writer));
        }
        Ok(mark.writers.is_empty().then_some(mark.upto))
    }
}

/// Last position in the history; 0 if it is empty.
pub async fn last_position(conn: &Reader) -> Result<i64> {
    Ok(end(conn, true).await?.unwrap_or(0))
}

/// First position in the history; `None` if it is empty.
pub async fn first_position(conn: &Reader) -> Result<Option<i64>> {
    end(conn, false).await
}

async fn end(conn: &Reader, last: bool) -> Result<Option<i64>> {
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

async fn writers(conn: &Reader) -> Result<HashSet<String>> {
    Ok(dialect::writers_of_events(conn)
        .await?
        .into_iter()
        .collect())
}

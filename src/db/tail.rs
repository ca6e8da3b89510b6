//! Reading the history of all jobs in the order of its positions, without ever passing one that may still be filled.
//!
//! Positions come from a sequence, and on PostgreSQL transactions commit in another order than they drew from it: a
//! reader that asks for what lies behind the last position it saw would skip what is committed late. Here a position
//! that is not there is waited for until nobody is left who could fill it: a transaction holds its lock on the table
//! before it draws a position, so whoever is not among the holders after a gap was seen has not drawn it or has ended.

use super::{EventPage, Readable, Reader, dialect, event_page};
use crate::error::Result;
use entity::job_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::{collections::HashSet, time::Duration};

/// Events that are read at once.
pub const PAGE: u64 = 200;

/// Bytes of the data of these events, about.
pub const PAGE_BYTES: i64 = 256 << 10;

/// Between two looks at whether a gap has been filled or given up.
const SOON: Duration = Duration::from_millis(5);

pub struct Tail {
    conn: Reader,
    done: i64,
    mark: Option<Mark>,
    more: bool,
}

/// What is not there up to a position will never be once these writers have ended.
struct Mark {
    upto: i64,
    writers: HashSet<String>,
}

impl Tail {
    /// Begins behind what is there now. Returns when nothing can come before that any more.
    pub async fn from_end(conn: Reader) -> Result<Self> {
        let done = last_position(&conn).await?;
        let mut writers = writers(&conn).await?;
        while !writers.is_empty() {
            tokio::time::sleep(SOON).await;
            let left = self::writers(&conn).await?;
            writers.retain(|writer| left.contains(writer));
        }
        Ok(Self { conn, done, mark: None, more: false })
    }

    /// Up to here everything that ever will be there was read.
    pub fn position(&self) -> i64 {
        self.done
    }

    /// How soon another read may find something, without any news: at once, shortly, or nobody knows.
    pub fn again_in(&self) -> Option<Duration> {
        match &self.mark {
            Some(mark) if mark.writers.is_empty() => Some(Duration::ZERO),
            Some(_) => Some(SOON),
            None => self.more.then_some(Duration::ZERO),
        }
    }

    /// The next events, in order. A page at most.
    pub async fn read(&mut self) -> Result<Vec<job_event::Model>> {
        let settled = self.settled().await?;
        let EventPage { mut events, more } = event_page(behind(self.done), PAGE, PAGE_BYTES, &self.conn).await?;
        self.more = more;
        let ordered = dialect::commits_in_order(self.conn.get_database_backend());
        let newest = events.last().map(|event| event.id);
        let mut next = self.done.saturating_add(1);
        let certain = |event: &&job_event::Model| {
            let certain = ordered || event.id == next || settled.is_some_and(|settled| event.id <= settled);
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
            // The earlier mark lies before this gap, or it has served.
            Some(upto) if settled.is_some() || self.mark.is_none() => {
                self.mark = Some(Mark { upto, writers: writers(&self.conn).await? });
            }
            Some(_) => {}
            None if self.more && settled.is_some() => {}
            None => self.mark = None,
        }
        Ok(events)
    }

    /// Up to where nobody is left who could fill a gap.
    async fn settled(&mut self) -> Result<Option<i64>> {
        let Some(mark) = &mut self.mark else { return Ok(None) };
        if !mark.writers.is_empty() {
            let left = writers(&self.conn).await?;
            mark.writers.retain(|writer| left.contains(writer));
        }
        Ok(mark.writers.is_empty().then_some(mark.upto))
    }
}

/// The last position that is there.
pub async fn last_position(conn: &Reader) -> Result<i64> {
    Ok(end(conn, true).await?.unwrap_or(0))
}

/// The first position that is there.
pub async fn first_position(conn: &Reader) -> Result<Option<i64>> {
    end(conn, false).await
}

async fn end(conn: &Reader, last: bool) -> Result<Option<i64>> {
    let ids = job_event::Entity::find().select_only().column(job_event::Column::Id).limit(1);
    let ids = if last { ids.order_by_desc(job_event::Column::Id) } else { ids.order_by_asc(job_event::Column::Id) };
    Ok(ids.into_tuple().row(conn).await?)
}

/// Everything behind a position.
pub fn behind(position: i64) -> sea_orm::Select<job_event::Entity> {
    job_event::Entity::find().filter(job_event::Column::Id.gt(position)).order_by_asc(job_event::Column::Id)
}

async fn writers(conn: &Reader) -> Result<HashSet<String>> {
    Ok(dialect::writers_of_events(conn).await?.into_iter().collect())
}

//! Reads the history of all jobs in the order of its positions, without passing a position that may
//! still be filled.
//!
//! A sequence assigns the positions, and on PostgreSQL transactions commit in another order than
//! they drew from it: a reader that asks for the events after the last position it saw would miss
//! those committed late. This reader waits at a gap until no transaction is left that could fill
//! it. A transaction locks the table before it draws a position, so one that does not hold the lock
//! after the gap was seen has not drawn that position or has ended.

use crate::{
    db::{
        Reader,
        changes::history::{
            GAP_CHECK_DELAY, LARGE_COLUMNS, MAX_READ_EVENTS, MAX_WAIT, behind, last_position,
            writers,
        },
        dialect,
        events::kept::shown,
        part,
    },
    error::Result,
};
use entity::job_event;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

/// Maximum time that a reader waits for a transaction of Callsheet, which ends before by its own
/// time limits.
const MAX_OWN_WAIT: Duration = Duration::from_secs(60);

/// Reader of the history, which waits at gaps.
pub struct Tail {
    conn: Reader,
    done: i64,
    mark: Option<Mark>,
    more: bool,
    /// Transactions of other programs that the reader waits for no more.
    passed: HashSet<String>,
}

/// Marks a gap: a position up to `upto` that is missing stays missing once these writers have
/// ended.
struct Mark {
    upto: i64,
    writers: HashSet<String>,
    since: Instant,
}

impl Tail {
    /// Begins after the current end of the history. Returns once no earlier position can be filled
    /// any more, except by a transaction of another program that is open for seconds: an event that
    /// it commits later is missing then.
    pub async fn from_end(conn: Reader) -> Result<Self> {
        let done = last_position(&conn).await?;
        let mut mark = Mark {
            upto: done,
            writers: writers(&conn).await?,
            since: Instant::now(),
        };
        let mut passed = HashSet::new();
        while !mark.writers.is_empty() {
            tokio::time::sleep(GAP_CHECK_DELAY).await;
            mark.look(&conn, &mut passed).await?;
        }
        Ok(Self {
            conn,
            done,
            mark: None,
            more: false,
            passed,
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
        self.more = read.more;
        let mut events: Vec<job_event::Model> = shown(read).rows;
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
                let mut writers = writers(&self.conn).await?;
                writers.retain(|writer| !self.passed.contains(writer));
                self.mark = Some(Mark {
                    upto,
                    writers,
                    since: Instant::now(),
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
            mark.look(&self.conn, &mut self.passed).await?;
        }
        Ok(mark.writers.is_empty().then_some(mark.upto))
    }
}

impl Mark {
    /// Forgets the writers that have ended, and those that it has waited for long enough.
    async fn look(&mut self, conn: &Reader, passed: &mut HashSet<String>) -> Result<()> {
        let left = writers(conn).await?;
        self.writers.retain(|writer| left.contains(writer));
        let waited = self.since.elapsed();
        if self.writers.is_empty() || waited < MAX_WAIT {
            return Ok(());
        }
        for writer in dialect::event_writers(conn).await? {
            let is_late = !writer.is_own() || waited > MAX_OWN_WAIT;
            if is_late && self.writers.remove(&writer.transaction) {
                tracing::warn!(
                    pid = writer.pid,
                    application = writer.application,
                    "a transaction of another program has kept the table job_events locked for \
                    seconds: the streams go on without waiting for its events; end it, e.g. with \
                    pg_terminate_backend"
                );
                passed.insert(writer.transaction);
            }
        }
        Ok(())
    }
}

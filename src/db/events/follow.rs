//! Followers: what reads the history by position and acts on each event exactly once. The
//! transaction in which a follower acts also locks and moves its position, so it makes no
//! difference how many servers run it.

use crate::{
    db::{Part, Readable, Tx, Write, changes::history::behind},
    error::Result,
};
use entity::job_event;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use std::future::Future;

/// Maximum number of positions that one transaction looks at.
pub const SPAN: i64 = 10_000;

/// Reader of the history with a position of its own.
pub trait Follower: Clone + Send + Sync + 'static {
    /// Maximum number of events of one transaction.
    const PAGE: u64;
    /// Maximum number of transactions of one run.
    const PAGES: u64 = u64::MAX;
    /// What it reads of an event.
    type Event: Send + Sync;

    /// Name of the follower, for the log and for counting its failures.
    fn name(&self) -> &str;

    /// Returns the position of an event.
    fn position_of(event: &Self::Event) -> i64;

    /// Locks the position until the transaction ends, and returns it; `None` if there is nothing to
    /// do now.
    fn lock(&self, tx: &Tx) -> impl Future<Output = Result<Option<i64>>> + Send;

    /// Reads the first events of its kinds behind `from`, up to `upto`: at most `limit`.
    fn read(
        &self,
        tx: &Tx,
        from: i64,
        upto: i64,
        limit: u64,
    ) -> impl Future<Output = Result<Part<Self::Event>>> + Send;

    /// Acts on the events.
    fn act(&self, tx: &Tx, events: &[Self::Event]) -> impl Future<Output = Result<()>> + Send;

    /// Moves the locked position. `more` says whether known events may
    /// follow.
    fn reach(&self, tx: &Tx, position: i64, more: bool) -> impl Future<Output = Result<()>> + Send;
}

/// Lets a follower act on a page of events, up to a position before which no event can be committed
/// any more.
pub struct Follow<F> {
    pub follower: F,
    pub upto: i64,
    pub at_most: u64,
    /// Whether the events are passed without acting on them.
    pub skips: bool,
}

/// Result of one page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Events of its kinds that were passed.
    pub events: u64,
    /// Whether known events may follow.
    pub more: bool,
    /// Position that was reached; 0 if there was nothing to do.
    pub position: i64,
}

impl<F: Follower> Write for Follow<F> {
    type Output = Followed;

    async fn apply(&self, tx: &Tx) -> Result<Followed> {
        // The lock makes servers that run a follower at the same time do so one after the other.
        let from = self.follower.lock(tx).await?;
        let Some(from) = from.filter(|from| *from < self.upto) else {
            return Ok(Followed::default());
        };
        // Few of many events may be of its kinds.
        let upto = Ord::min(self.upto, from.saturating_add(SPAN));
        let page = self.follower.read(tx, from, upto, self.at_most);
        let Part { rows, more } = page.await?;
        let position = match rows.last().filter(|_| more) {
            Some(last) => F::position_of(last),
            None => before_next(tx, upto, self.upto).await?,
        };
        let more = more || position < self.upto;
        if !self.skips {
            self.follower.act(tx, &rows).await?;
        }
        self.follower.reach(tx, position, more).await?;
        Ok(Followed {
            events: rows.len() as u64,
            more,
            position,
        })
    }

    fn is_large(&self) -> bool {
        true
    }
}

/// Returns the last position before the next event behind this one, at most `upto`: a restore
/// leaves out a billion positions.
async fn before_next(tx: &Tx, position: i64, upto: i64) -> Result<i64> {
    let next = behind(position)
        .filter(job_event::Column::Id.lte(upto))
        .select_only()
        .column(job_event::Column::Id)
        .limit(1);
    let next = next.into_tuple::<i64>().row(tx).await?;
    Ok(next.map_or(upto, |next| next - 1))
}

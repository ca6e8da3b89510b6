//! Prunes old history: deletes all events but the last of jobs that ended long ago.

use crate::{
    db::{
        Readable, Tx, Write,
        events::positions::{lock_position, set_position},
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{job, job_event, position::PRUNED};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

/// Prunes a batch of events, in the order of their ids.
pub struct PruneEvents {
    /// Id after which the batch begins.
    pub after: i64,
    /// Position of the slowest follower, which the batch does not pass.
    pub upto: i64,
    pub at_most: u64,
    /// Time before which a job must have ended.
    pub ended_before: DateTime<Utc>,
}

pub struct Pruned {
    /// Events deleted by this batch.
    pub events: u64,
    /// Id after which the next batch begins; `None` if no older events are left.
    pub next: Option<i64>,
}

/// Events that a batch examines.
struct EventBatch {
    last: i64,
    /// Last of the events that are older than the end of any job to prune.
    last_older: Option<i64>,
}

impl PruneEvents {
    /// Counts the events that the batch would delete, without a transaction.
    pub async fn look(&self, db: &impl ConnectionTrait) -> Result<Pruned> {
        let Some(piece) = self.piece(db).await? else {
            return Ok(Pruned {
                events: 0,
                next: None,
            });
        };
        let events = match piece.last_older {
            Some(_) => {
                job_event::Entity::find()
                    .filter(self.gone(piece.last))
                    .count(db)
                    .await?
            }
            None => 0,
        };
        Ok(piece.pruned(events))
    }

    async fn piece(&self, db: &impl ConnectionTrait) -> Result<Option<EventBatch>> {
        use job_event::Column as E;
        let looked_at: Vec<(i64, DateTime<Utc>)> = job_event::Entity::find()
            .select_only()
            .columns([E::Id, E::CreatedAt])
            .filter(E::Id.gt(self.after))
            .filter(E::Id.lte(self.upto))
            .order_by_asc(E::Id)
            .limit(self.at_most)
            .into_tuple()
            .rows(db)
            .await?;
        let older = looked_at
            .iter()
            .filter(|(_, created_at)| *created_at < self.ended_before)
            .map(|(id, _)| *id);
        let last_older = older.max();
        Ok(looked_at.last().map(|(last, _)| EventBatch {
            last: *last,
            last_older,
        }))
    }

    /// Condition for the events to delete, up to the one with the id `last`.
    fn gone(&self, last: i64) -> Condition {
        use job::Column as J;
        use job_event::Column as E;
        // The last event of a job stays: it has the version from which a reused id continues.
        let ended = Query::select()
            .expr(Expr::val(1))
            .from(job::Entity)
            .and_where(Expr::col((job::Entity, J::Id)).equals((job_event::Entity, E::JobId)))
            .and_where(Expr::col((job::Entity, J::CompletedAt)).lt(self.ended_before))
            .and_where(
                Expr::col((job::Entity, J::Version)).gt(Expr::col((job_event::Entity, E::Seq))),
            )
            .to_owned();
        Condition::all()
            .add(E::Id.gt(self.after))
            .add(E::Id.lte(last))
            .add(E::CreatedAt.lt(self.ended_before))
            .add(Expr::exists(ended))
    }
}

impl EventBatch {
    fn pruned(&self, events: u64) -> Pruned {
        Pruned {
            events,
            next: self.last_older.map(|_| self.last),
        }
    }
}

impl Write for PruneEvents {
    type Output = Pruned;

    async fn apply(&self, tx: &Tx) -> Result<Pruned> {
        let Some(piece) = self.piece(tx).await? else {
            return Ok(Pruned {
                events: 0,
                next: None,
            });
        };
        let gone = job_event::Entity::delete_many()
            .filter(self.gone(piece.last))
            .exec(tx)
            .await?;
        if let Some(upto) = piece.last_older.filter(|_| gone.rows_affected > 0) {
            // A subscriber that follows all jobs from before has to learn that events are missing.
            let known = lock_position(tx, PRUNED).await?;
            set_position(tx, PRUNED, Ord::max(known, upto)).await?;
        }
        Ok(piece.pruned(gone.rows_affected))
    }
}

//! Taking old history away: of jobs that ended long ago, all events but the last.

use super::positions::{lock_position, set_position};
use crate::{
    db::{Tx, Write},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{job, job_event, position::PRUNED};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

/// Looks at some events in the order of their ids.
pub struct PruneEvents {
    /// Behind the one with this id.
    pub after: i64,
    pub at_most: u64,
    /// Of jobs that ended before.
    pub ended_before: DateTime<Utc>,
}

pub struct Pruned {
    pub events: u64,
    /// Where to look next; none when there are no older events any more.
    pub next: Option<i64>,
}

impl Write for PruneEvents {
    type Output = Pruned;

    async fn apply(&self, tx: &Tx) -> Result<Pruned> {
        use job::Column as J;
        use job_event::Column as E;
        let looked_at: Vec<(i64, DateTime<Utc>)> = job_event::Entity::find()
            .select_only()
            .columns([E::Id, E::CreatedAt])
            .filter(E::Id.gt(self.after))
            .order_by_asc(E::Id)
            .limit(self.at_most)
            .into_tuple()
            .all(tx)
            .await?;
        let Some((last, _)) = looked_at.last() else { return Ok(Pruned { events: 0, next: None }) };
        // The last event of a job stays: it says at which version an id goes on, should it be used again.
        let ended = Query::select()
            .expr(Expr::val(1))
            .from(job::Entity)
            .and_where(Expr::col((job::Entity, J::Id)).equals((job_event::Entity, E::JobId)))
            .and_where(Expr::col((job::Entity, J::CompletedAt)).lt(self.ended_before))
            .and_where(Expr::col((job::Entity, J::Version)).gt(Expr::col((job_event::Entity, E::Seq))))
            .to_owned();
        let gone = job_event::Entity::delete_many()
            .filter(E::Id.gt(self.after))
            .filter(E::Id.lte(*last))
            .filter(E::CreatedAt.lt(self.ended_before))
            .filter(Expr::exists(ended))
            .exec(tx)
            .await?;
        let older = looked_at.iter().filter(|(_, created_at)| *created_at < self.ended_before).map(|(id, _)| *id).max();
        if let Some(upto) = older.filter(|_| gone.rows_affected > 0) {
            // Whoever follows all jobs from before has to be told that something is missing.
            let known = lock_position(tx, PRUNED).await?;
            set_position(tx, PRUNED, Ord::max(known, upto)).await?;
        }
        let older_follow = looked_at.iter().any(|(_, created_at)| *created_at < self.ended_before);
        Ok(Pruned { events: gone.rows_affected, next: older_follow.then_some(*last) })
    }
}

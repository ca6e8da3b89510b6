//! Bounds the log lines of a job: the newest stay, and the events with older ones keep everything
//! but their lines.

use crate::{
    db::{Readable, Tx, Write, dialect},
    error::Result,
    lifecycle::EventKind,
};
use entity::job_event;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde_json::json;

/// Number of events that one query looks at, and that one transaction changes at most.
const MAX_EVENTS: u64 = 500;

/// Finds the log lines of a job, newest first.
pub struct LogLines<'a> {
    pub job_id: &'a str,
    /// Number of lines to keep.
    pub keep: u64,
}

/// Lines of a job.
pub struct FoundLines {
    /// Number of lines that stay.
    pub kept: u64,
    /// Events whose lines are to go, by their `seq`, newest first.
    pub old: Vec<i64>,
}

impl LogLines<'_> {
    /// Looks from the newest event to the first whose lines are gone already.
    pub async fn find(&self, db: &impl ConnectionTrait) -> Result<FoundLines> {
        let (mut kept, mut old, mut before) = (0, Vec::new(), None);
        loop {
            let rows = self.page(db, before).await?;
            let last = (rows.len() as u64) < MAX_EVENTS;
            for (seq, lines) in rows {
                before = Some(seq);
                let lines = lines.unwrap_or_default().unsigned_abs();
                if lines == 0 {
                    return Ok(FoundLines { kept, old });
                }
                if old.is_empty() && kept + lines <= self.keep {
                    kept += lines;
                } else {
                    old.push(seq);
                }
            }
            if last {
                return Ok(FoundLines { kept, old });
            }
        }
    }

    async fn page(
        &self,
        db: &impl ConnectionTrait,
        before: Option<i64>,
    ) -> Result<Vec<(i64, Option<i64>)>> {
        use job_event::Column as C;
        let mut events = job_event::Entity::find()
            .select_only()
            .column(C::Seq)
            .expr(dialect::number_of_lines(db.get_database_backend()))
            .filter(C::JobId.eq(self.job_id))
            .filter(C::Kind.eq(EventKind::Logged.as_str()))
            .order_by_desc(C::Seq)
            .limit(MAX_EVENTS);
        if let Some(before) = before {
            events = events.filter(C::Seq.lt(before));
        }
        Ok(events.into_tuple().rows(db).await?)
    }
}

/// Removes the lines of some events of a job; the events stay.
pub struct PruneLogLines {
    pub job_id: String,
    /// Events by their `seq`, at most [`PruneLogLines::MAX`].
    pub events: Vec<i64>,
}

impl PruneLogLines {
    pub const MAX: usize = MAX_EVENTS as usize;
}

impl Write for PruneLogLines {
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        use job_event::Column as C;
        let pruned = job_event::Entity::update_many()
            .col_expr(C::Data, Expr::value(json!({"lines": [], "pruned": true})))
            .filter(C::JobId.eq(self.job_id.as_str()))
            .filter(C::Kind.eq(EventKind::Logged.as_str()))
            .filter(C::Seq.is_in(self.events.iter().copied()))
            .exec(tx)
            .await?;
        Ok(pruned.rows_affected)
    }
}

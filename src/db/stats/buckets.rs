//! Time buckets of the statistics, together with the events that are not rolled up yet.

use crate::{
    db::{
        Database, Readable, TimedConn,
        events::positions::position,
        stats::roll_up::{StatEvent, Tallies, counted, tally},
    },
    error::Result,
    lifecycle::{BucketSize, Tally},
};
use chrono::{DateTime, Utc};
use entity::{job_stat, position::STATS};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

/// Reader of the time buckets in one snapshot, so that each event counts once.
pub struct BucketReader<'a> {
    job_type: Option<&'a str>,
    snapshot: TimedConn<DatabaseTransaction>,
    /// Events that are not rolled up yet.
    tail: Vec<StatEvent>,
}

impl Database {
    /// Begins a snapshot of the statistics of all jobs, or of the jobs of one type.
    pub async fn buckets<'a>(&self, job_type: Option<&'a str>) -> Result<BucketReader<'a>> {
        let snapshot = self.snapshot().await?;
        let position = position(&snapshot, STATS).await?;
        let tail = counted(position)
            .into_model::<StatEvent>()
            .rows(&snapshot)
            .await?;
        Ok(BucketReader {
            job_type,
            snapshot,
            tail,
        })
    }
}

impl BucketReader<'_> {
    /// Counts the events since a time, by bucket.
    pub async fn since(&self, unit: BucketSize, since: DateTime<Utc>) -> Result<Tallies> {
        use job_stat::Column as C;
        let mut rows = job_stat::Entity::find()
            .filter(C::Unit.eq(unit.seconds()))
            .filter(C::Start.gte(since));
        if let Some(job_type) = self.job_type {
            rows = rows.filter(C::JobType.eq(job_type));
        }
        let rows = rows.rows(&self.snapshot).await?;
        let span =
            |row: job_stat::Model| ((unit, row.start, row.job_type.clone()), Tally::from(row));
        let mut spans: Tallies = rows.into_iter().map(span).collect();
        let wanted = |event: &&StatEvent| {
            event.created_at >= since
                && self
                    .job_type
                    .is_none_or(|wanted| event.job_type.as_deref() == Some(wanted))
        };
        self.tail
            .iter()
            .filter(wanted)
            .for_each(|event| tally(&mut spans, event, &[unit]));
        Ok(spans)
    }

    /// Ends the snapshot.
    pub async fn end(self) -> Result<()> {
        Ok(self.snapshot.commit().await?)
    }
}

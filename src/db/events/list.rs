//! Events of one job, or of all jobs between two positions.

use crate::{
    db::{
        Database, Part, Readable,
        changes::history::{LARGE_COLUMNS, MAX_READ_EVENTS, behind},
        events::kept::shown,
        part,
    },
    error::Result,
};
use entity::job_event::{self, Column as C};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl Database {
    /// Returns the events of a job with a `seq` greater than `after`, in order: at most `limit`,
    /// fewer if they are large.
    pub async fn events_of_job(
        &self,
        id: &str,
        after: i64,
        limit: u64,
    ) -> Result<Part<job_event::Model>> {
        let events = job_event::Entity::find()
            .filter(C::JobId.eq(id))
            .filter(C::Seq.gt(after))
            .order_by_asc(C::Seq);
        Ok(shown(
            part(events, limit, &LARGE_COLUMNS, self.read()).await?,
        ))
    }

    /// Returns the events behind the position `after`, up to the position `upto`, in order: at most
    /// [`MAX_READ_EVENTS`], fewer if they are large.
    pub async fn events_between(&self, after: i64, upto: i64) -> Result<Part<job_event::Model>> {
        let events = behind(after).filter(C::Id.lte(upto));
        Ok(shown(
            part(events, MAX_READ_EVENTS, &LARGE_COLUMNS, self.read()).await?,
        ))
    }

    /// Returns position, job and kind of the events behind the position `after`, up to the position
    /// `upto`, in order: at most `limit`.
    pub async fn event_kinds_between(
        &self,
        after: i64,
        upto: i64,
        limit: u64,
    ) -> Result<Vec<(i64, String, String)>> {
        let events = behind(after)
            .filter(C::Id.lte(upto))
            .limit(limit)
            .select_only();
        let kinds = events.columns([C::Id, C::JobId, C::Kind]).into_tuple();
        Ok(kinds.rows(self.read()).await?)
    }

    /// Returns the events at these positions, in order: at most [`MAX_READ_EVENTS`], fewer if they
    /// are large.
    pub async fn events_at(
        &self,
        positions: impl Iterator<Item = i64> + Send,
    ) -> Result<Vec<job_event::Model>> {
        let events = job_event::Entity::find()
            .filter(C::Id.is_in(positions))
            .order_by_asc(C::Id);
        let found = part(events, MAX_READ_EVENTS, &LARGE_COLUMNS, self.read()).await?;
        Ok(shown(found).rows)
    }
}

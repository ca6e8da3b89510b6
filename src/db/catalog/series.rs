//! Series and episodes. Deleting one changes every job that belonged to it: each gets a new version
//! and an event.

use crate::{
    db::{
        Readable, Tx, Write,
        catalog::parents::check_parents,
        rows::once::{insert_unless_there, replay},
    },
    error::{Error, Resource, Result},
    lifecycle::{EventKind, MAX_VERSION},
};
use chrono::{DateTime, Utc};
use entity::{episode, job, job_event, series};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, ExprTrait, LockType, Query},
};

pub struct CreateSeries(pub series::Model);

impl Write for CreateSeries {
    type Output = series::Model;

    async fn apply(&self, tx: &Tx) -> Result<series::Model> {
        if let Some(first) = self.first_answer(tx).await? {
            return Ok(first);
        }
        if insert_unless_there(tx, self.0.clone().into_active_model()).await? {
            return Ok(self.0.clone());
        }
        self.first_answer(tx)
            .await?
            .ok_or(Error::IdempotencyKeyReused)
    }
}

impl CreateSeries {
    async fn first_answer(&self, tx: &impl ConnectionTrait) -> Result<Option<series::Model>> {
        let Some(key) = &self.0.idempotency_key else {
            return Ok(None);
        };
        let first = series::Entity::find()
            .filter(series::Column::IdempotencyKey.eq(key))
            .row(tx)
            .await?;
        replay(first, |first| {
            first.idempotency_fingerprint == self.0.idempotency_fingerprint
        })
    }
}

pub struct CreateEpisode(pub episode::Model);

impl Write for CreateEpisode {
    type Output = episode::Model;

    async fn apply(&self, tx: &Tx) -> Result<episode::Model> {
        if let Some(first) = self.first_answer(tx).await? {
            return Ok(first);
        }
        check_parents(tx, self.0.series_id.as_deref(), None, false).await?;
        if insert_unless_there(tx, self.0.clone().into_active_model()).await? {
            return Ok(self.0.clone());
        }
        let taken = Error::EpisodeNumberTaken(self.0.number.unwrap_or_default());
        self.first_answer(tx).await?.ok_or(taken)
    }
}

impl CreateEpisode {
    async fn first_answer(&self, tx: &impl ConnectionTrait) -> Result<Option<episode::Model>> {
        let Some(key) = &self.0.idempotency_key else {
            return Ok(None);
        };
        let first = episode::Entity::find()
            .filter(episode::Column::IdempotencyKey.eq(key))
            .row(tx)
            .await?;
        replay(first, |first| {
            first.idempotency_fingerprint == self.0.idempotency_fingerprint
        })
    }
}

pub struct DeleteSeries {
    pub id: String,
    pub now: DateTime<Utc>,
}

impl Write for DeleteSeries {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        // The lock keeps jobs from joining the series between their detachment and its deletion.
        let find = series::Entity::find_by_id(&self.id).lock(LockType::Update);
        is_there(tx, find)
            .await?
            .then_some(())
            .ok_or(Error::NotFound(Resource::Series))?;
        detach(tx, job::Column::SeriesId, &self.id, self.now).await?;
        series::Entity::delete_by_id(&self.id).exec(tx).await?;
        Ok(())
    }

    /// True, because a series may have a million jobs.
    fn is_large(&self) -> bool {
        true
    }
}

pub struct DeleteEpisode {
    pub id: String,
    pub now: DateTime<Utc>,
}

impl Write for DeleteEpisode {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let find = episode::Entity::find_by_id(&self.id).lock(LockType::Update);
        is_there(tx, find)
            .await?
            .then_some(())
            .ok_or(Error::NotFound(Resource::Episode))?;
        detach(tx, job::Column::EpisodeId, &self.id, self.now).await?;
        episode::Entity::delete_by_id(&self.id).exec(tx).await?;
        Ok(())
    }

    /// True, because an episode may have a million jobs.
    fn is_large(&self) -> bool {
        true
    }
}

/// Returns whether the query finds a row, readable or not: an unreadable one can still be deleted.
async fn is_there<E: EntityTrait>(tx: &Tx, find: Select<E>) -> Result<bool, DbErr> {
    Ok(tx
        .query_one_raw(find.build(tx.get_database_backend()))
        .await?
        .is_some())
}

/// Clears the column in all jobs that hold the id. Two statements change all of them, because a
/// series may have a million jobs. The foreign key would clear the column too, but without version
/// and event.
async fn detach(tx: &Tx, column: job::Column, id: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    use job::Column as J;
    use job_event::Column as E;
    let locked = job::Entity::find()
        .select_only()
        .column(J::Id)
        .filter(column.eq(id))
        .lock(LockType::Update);
    let count = Query::select()
        .expr(Expr::col("id").count())
        .from_subquery(locked.into_query(), "locked")
        .to_owned();
    tx.query_one(&count).await?;
    let events = job::Entity::find()
        .select_only()
        .column(J::Id)
        .expr(Expr::col(J::Version).add(1))
        .expr(Expr::val(EventKind::Detached.as_str()))
        .columns([
            J::Status,
            J::Progress,
            J::CurrentStage,
            J::TotalShots,
            J::CompletedShots,
        ])
        .expr(Expr::val(now))
        .column(J::JobType)
        .filter(column.eq(id))
        .filter(J::Version.lt(MAX_VERSION))
        .into_query();
    let columns = [
        E::JobId,
        E::Seq,
        E::Kind,
        E::Status,
        E::Progress,
        E::CurrentStage,
        E::TotalShots,
        E::CompletedShots,
        E::CreatedAt,
        E::JobType,
    ];
    let insert = Query::insert()
        .into_table(job_event::Entity)
        .columns(columns)
        .select_from(events)
        .map_err(|e| DbErr::Custom(e.to_string()))?
        .to_owned();
    tx.execute(&insert).await?;
    tx.tell_of_more();
    job::Entity::update_many()
        .col_expr(column, Expr::val(Option::<String>::None))
        .col_expr(J::Version, Expr::col(J::Version).add(1))
        .col_expr(J::UpdatedAt, Expr::val(now))
        .filter(column.eq(id))
        .filter(J::Version.lt(MAX_VERSION))
        .exec(tx)
        .await?;
    Ok(())
}

//! Series: their rows, as single ones and in pages. Deleting one changes every job that belonged to
//! it.

use crate::{
    db::{
        Database, Readable, Tx, Write,
        catalog::detach::{detach, is_there},
        page,
        rows::{
            keyset,
            once::{insert_unless_there, replay},
        },
    },
    error::{Error, Resource, Result},
    lifecycle::Cursor,
};
use chrono::{DateTime, Utc};
use entity::{job, series};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};

impl Database {
    /// Returns the series with this id.
    ///
    /// Errors: `series_not_found`.
    pub async fn series(&self, id: &str) -> Result<series::Model> {
        series::Entity::find_by_id(id)
            .row(self.read())
            .await?
            .ok_or(Error::NotFound(Resource::Series))
    }

    /// Returns the first `limit` series behind the cursor, newest first.
    pub async fn series_behind(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Vec<series::Model>> {
        use series::Column as C;
        let query = keyset::newest_first(series::Entity::find(), C::CreatedAt, C::Id, after);
        Ok(page(query, limit, self.read()).await?)
    }
}

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

pub struct UpdateSeries {
    pub id: String,
    /// New title; `None` leaves it unchanged.
    pub title: Option<String>,
}

impl Write for UpdateSeries {
    type Output = series::Model;

    async fn apply(&self, tx: &Tx) -> Result<series::Model> {
        let find = series::Entity::find_by_id(&self.id).lock(LockType::Update);
        let before = find.row(tx).await?;
        let mut row = before.ok_or(Error::NotFound(Resource::Series))?;
        if let Some(title) = &self.title {
            row.title.clone_from(title);
            series::Entity::update_many()
                .col_expr(series::Column::Title, title.as_str().into())
                .filter(series::Column::Id.eq(&self.id))
                .exec(tx)
                .await?;
        }
        Ok(row)
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

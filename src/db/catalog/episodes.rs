//! Episodes: their rows, as single ones and in pages. Deleting one changes every job that belonged
//! to it.

use crate::{
    db::{
        Database, Readable, Tx, Write,
        catalog::{
            detach::{detach, is_there},
            parents::check_parents,
        },
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
use entity::{episode, job};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};

impl Database {
    /// Returns the episode with this id.
    ///
    /// Errors: `episode_not_found`.
    pub async fn episode(&self, id: &str) -> Result<episode::Model> {
        episode::Entity::find_by_id(id)
            .row(self.read())
            .await?
            .ok_or(Error::NotFound(Resource::Episode))
    }

    /// Returns the episode of this number in a series.
    pub async fn episode_of_number(
        &self,
        series_id: &str,
        number: i32,
    ) -> Result<Option<episode::Model>> {
        use episode::Column as C;
        let find = episode::Entity::find()
            .filter(C::SeriesId.eq(series_id))
            .filter(C::Number.eq(number));
        Ok(find.row(self.read()).await?)
    }

    /// Returns the first `limit` episodes behind the cursor, of one series or of all, newest first.
    pub async fn episodes_behind(
        &self,
        series_id: Option<String>,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Vec<episode::Model>> {
        use episode::Column as C;
        let mut query = episode::Entity::find();
        if let Some(series_id) = series_id {
            query = query.filter(C::SeriesId.eq(series_id));
        }
        let query = keyset::newest_first(query, C::CreatedAt, C::Id, after);
        Ok(page(query, limit, self.read()).await?)
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

pub struct UpdateEpisode {
    pub id: String,
    /// New title; `None` leaves it unchanged.
    pub title: Option<Option<String>>,
    /// New number; `None` leaves it unchanged.
    pub number: Option<Option<i32>>,
}

impl Write for UpdateEpisode {
    type Output = episode::Model;

    async fn apply(&self, tx: &Tx) -> Result<episode::Model> {
        let find = episode::Entity::find_by_id(&self.id).lock(LockType::Update);
        let before = find.row(tx).await?;
        let mut row = before.ok_or(Error::NotFound(Resource::Episode))?;
        row.title = self.title.clone().unwrap_or(row.title);
        row.number = self.number.unwrap_or(row.number);
        check_number(tx, &row).await?;
        episode::Entity::update_many()
            .col_expr(episode::Column::Title, row.title.clone().into())
            .col_expr(episode::Column::Number, row.number.into())
            .filter(episode::Column::Id.eq(&self.id))
            .exec(tx)
            .await?;
        Ok(row)
    }
}

/// Checks that no other episode of the series has the number. A write that another transaction
/// precedes meanwhile fails in the database, and runs again.
async fn check_number(tx: &Tx, row: &episode::Model) -> Result<()> {
    use episode::Column as C;
    let (Some(series_id), Some(number)) = (&row.series_id, row.number) else {
        return Ok(());
    };
    let same = episode::Entity::find()
        .filter(C::SeriesId.eq(series_id))
        .filter(C::Number.eq(number))
        .filter(C::Id.ne(&row.id));
    if is_there(tx, same).await? {
        return Err(Error::EpisodeNumberTaken(number));
    }
    Ok(())
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

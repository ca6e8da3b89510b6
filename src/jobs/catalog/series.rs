//! Series of episodes: create_series, get_series, list_series, update_series,
//! delete_series.

use crate::{
    db::write::{CreateSeries, DeleteSeries, UpdateSeries},
    error::{Resource, Result},
    jobs::{Idempotency, JobManager, cut, validate},
    lifecycle::Cursor,
};
use entity::series;

#[derive(Clone, Debug)]
pub struct NewSeries {
    pub title: String,
}

/// Fields of a series to change; `None` leaves one unchanged.
#[derive(Clone, Debug, Default)]
pub struct SeriesPatch {
    pub title: Option<String>,
}

impl JobManager {
    /// Creates a series with this title.
    ///
    /// Errors: `invalid_request`, `idempotency_key_reused`.
    pub async fn create_series(
        &self,
        new: NewSeries,
        idempotency: Option<Idempotency>,
    ) -> Result<series::Model> {
        let mut checks = validate::Checks::default();
        checks.filled("/title", &new.title, validate::MAX_SHORT_CHARS);
        checks.finish()?;
        let (key, fingerprint) = self.idempotency_columns(idempotency)?;
        let row = series::Model {
            id: self.chance.id(),
            title: new.title,
            created_at: self.now(),
            idempotency_key: key,
            idempotency_fingerprint: fingerprint,
        };
        self.db.commit(CreateSeries(row)).await
    }

    /// Returns the series with this id.
    ///
    /// Errors: `series_not_found`.
    pub async fn get_series(&self, id: &str) -> Result<series::Model> {
        validate::may_exist(id, Resource::Series)?;
        self.db.series(id).await
    }

    /// Lists the series, newest first: one page, and the cursor of the next page if there is one.
    pub async fn list_series(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<(Vec<series::Model>, Option<Cursor>)> {
        let rows = self.db.series_behind(after, limit + 1).await?;
        Ok(cut(rows, limit, |row: &series::Model| Cursor {
            created_at: row.created_at,
            id: row.id.clone(),
        }))
    }

    /// Changes the title of a series, and returns the series.
    ///
    /// Errors: `series_not_found`, `invalid_request`.
    pub async fn update_series(&self, id: &str, patch: SeriesPatch) -> Result<series::Model> {
        let mut checks = validate::Checks::default();
        if let Some(title) = &patch.title {
            checks.filled("/title", title, validate::MAX_SHORT_CHARS);
        }
        checks.finish()?;
        validate::may_exist(id, Resource::Series)?;
        let write = UpdateSeries {
            id: id.to_owned(),
            title: patch.title,
        };
        self.db.commit(write).await
    }

    /// Deletes a series. Its episodes and jobs stay, without a series, and each job gets a
    /// `detached` event.
    ///
    /// Errors: `series_not_found`.
    pub async fn delete_series(&self, id: &str) -> Result<()> {
        validate::may_exist(id, Resource::Series)?;
        self.db
            .commit(DeleteSeries {
                id: id.to_owned(),
                now: self.now(),
            })
            .await
    }
}

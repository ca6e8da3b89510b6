//! Series.

use super::{
    Tag,
    body::Body,
    dto::{self, NewSeries, SeriesList},
    headers::IdempotencyKey,
    paging,
};
use crate::jobs::JobManager;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

pub struct Series(pub JobManager);

#[derive(ApiResponse)]
enum CreatedSeries {
    /// The series is there.
    #[oai(status = 201)]
    Created(
        Json<dto::Series>,
        /// Path of the series.
        #[oai(header = "Location")]
        String,
    ),
}

/// Something is gone.
#[derive(ApiResponse)]
pub enum Gone {
    /// It is gone.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(prefix_path = "/api/v1/series", tag = "Tag::Series")]
impl Series {
    /// Create a series
    ///
    /// Makes a series that episodes and jobs may belong to.
    #[oai(path = "/", method = "post", operation_id = "create_series")]
    async fn create_series(&self, key: IdempotencyKey, body: Body<NewSeries>) -> Result<CreatedSeries> {
        let idempotency = key.of("create_series", &body.raw);
        let series: dto::Series = self.0.create_series(body.value.into(), idempotency).await?.into();
        let location = format!("/api/v1/series/{}", series.series_id);
        Ok(CreatedSeries::Created(Json(series), location))
    }

    /// List series
    ///
    /// A page, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_series")]
    async fn list_series(
        &self,
        /// Rows of a page.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<SeriesList>> {
        let (series, next) = self.0.list_series(paging::cursor(cursor.0)?, paging::limit(limit.0)?).await?;
        let series = series.into_iter().map(Into::into).collect();
        Ok(Json(SeriesList { series, next_cursor: next.map(|c| c.encode()) }))
    }

    /// Get a series
    ///
    /// Id, title and time of making.
    #[oai(path = "/:series_id", method = "get", operation_id = "get_series")]
    async fn get_series(
        &self,
        /// Id of the series.
        series_id: Path<String>,
    ) -> Result<Json<dto::Series>> {
        Ok(Json(self.0.get_series(&series_id.0).await?.into()))
    }

    /// Delete a series
    ///
    /// Its episodes and jobs stay, without a series; each of its jobs gets an event that says so.
    #[oai(path = "/:series_id", method = "delete", operation_id = "delete_series")]
    async fn delete_series(
        &self,
        /// Id of the series.
        series_id: Path<String>,
    ) -> Result<Gone> {
        self.0.delete_series(&series_id.0).await?;
        Ok(Gone::Gone)
    }
}

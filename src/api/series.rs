//! Handlers of series: create, list, get, change, delete.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, IDEMPOTENT, Operation, READ, SERIES, operation},
    dto::{self, NewSeries, SeriesList, SeriesPatch},
    headers::IdempotencyKey,
    json_bytes::JsonBytes,
    paging,
};
use entity::series;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("create_series", SERIES, Bound::Free)
        .headers(IDEMPOTENT)
        .codes(&["idempotency_key_reused"]),
    // They count jobs on request, those of the binding alone.
    operation("list_series", READ, Bound::Jobs),
    operation("get_series", READ, Bound::Jobs).codes(&["series_not_found"]),
    operation("update_series", SERIES, Bound::Free).codes(&["series_not_found"]),
    // It changes all jobs of the series.
    operation("delete_series", SERIES, Bound::Refused).codes(&["series_not_found"]),
];

pub struct Series;

#[derive(ApiResponse)]
enum CreatedSeries {
    /// The created series.
    #[oai(status = 201)]
    Created(
        Json<dto::Series>,
        /// Path of the series.
        #[oai(header = "Location")]
        String,
    ),
}

/// Response to a call that deletes something.
#[derive(ApiResponse)]
pub enum Gone {
    /// The resource is deleted.
    #[oai(status = 204)]
    Gone,
}

#[OpenApi(prefix_path = "/api/v1/series", tag = "Tag::Series")]
impl Series {
    /// Create a series
    ///
    /// Creates a series to which episodes and jobs can belong.
    #[oai(path = "/", method = "post", operation_id = "create_series")]
    async fn create_series(
        &self,
        jobs: Acting,
        key: IdempotencyKey,
        body: Body<NewSeries>,
    ) -> Result<CreatedSeries> {
        let idempotency = key.of("create_series", body.text.as_deref());
        let series: dto::Series = jobs
            .create_series(body.value.into(), idempotency)
            .await?
            .into();
        let location = format!("/api/v1/series/{}", series.series_id);
        Ok(CreatedSeries::Created(Json(series), location))
    }

    /// List series
    ///
    /// Returns a page of series, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_series")]
    async fn list_series(
        &self,
        jobs: Acting,
        /// Maximum number of series on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
        /// Whether to count the jobs of each series by status.
        counts: Query<Option<bool>>,
    ) -> Result<JsonBytes<SeriesList>> {
        let (series, next) = jobs
            .list_series(paging::cursor(cursor.0)?, paging::limit(limit.0)?)
            .await?;
        let ids = || series.iter().map(|row| row.id.clone()).collect();
        let mut jobs = if counts.0 == Some(true) {
            Some(jobs.counts_by_series(ids()).await?)
        } else {
            None
        };
        let to_dto = |row: series::Model| match &mut jobs {
            Some(jobs) => {
                let counts = jobs.remove(&row.id).unwrap_or_default();
                dto::Series::from(row).counted(counts)
            }
            None => row.into(),
        };
        let series = series.into_iter().map(to_dto).collect();
        let next_cursor = next.map(|c| c.encode());
        let list = SeriesList {
            series,
            has_more: next_cursor.is_some(),
            next_cursor: next_cursor.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next_cursor))
    }

    /// Get a series
    ///
    /// Returns a series and, on request, its number of jobs by status.
    #[oai(path = "/:series_id", method = "get", operation_id = "get_series")]
    async fn get_series(
        &self,
        jobs: Acting,
        /// Id of the series.
        series_id: Path<String>,
        /// Whether to count the jobs of the series by status.
        counts: Query<Option<bool>>,
    ) -> Result<Json<dto::Series>> {
        let series: dto::Series = jobs.get_series(&series_id.0).await?.into();
        if counts.0 != Some(true) {
            return Ok(Json(series));
        }
        let jobs = jobs
            .counts_by_series(vec![series_id.0])
            .await?
            .into_values()
            .next();
        Ok(Json(series.counted(jobs.unwrap_or_default())))
    }

    /// Change a series
    ///
    /// Applies a JSON merge patch (RFC 7396): changes the title of a series.
    #[oai(path = "/:series_id", method = "patch", operation_id = "update_series")]
    async fn update_series(
        &self,
        jobs: Acting,
        /// Id of the series.
        series_id: Path<String>,
        body: Body<SeriesPatch>,
    ) -> Result<Json<dto::Series>> {
        let patch = body.value.into();
        let series = jobs.update_series(&series_id.0, patch).await?;
        Ok(Json(series.into()))
    }

    /// Delete a series
    ///
    /// Deletes a series. Its episodes and jobs remain without a series, and each of its jobs gets
    /// an event about it.
    #[oai(
        path = "/:series_id",
        method = "delete",
        operation_id = "delete_series"
    )]
    async fn delete_series(
        &self,
        jobs: Acting,
        /// Id of the series.
        series_id: Path<String>,
    ) -> Result<Gone> {
        jobs.delete_series(&series_id.0).await?;
        Ok(Gone::Gone)
    }
}

//! Handlers of retention and of the archive.

use super::{
    Tag,
    auth::Acting,
    contract::{Bound, CHANGE, Operation, READ, operation},
    dto::{Archive, ArchiveList, RetentionPreview},
    jobs::{JobResponse, answer},
    json_bytes::JsonBytes,
    paging,
};
use poem::Result;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    // They count all jobs.
    operation("preview_retention", READ, Bound::Refused),
    operation("list_archives", READ, Bound::Refused),
    operation("restore_job", CHANGE, Bound::Job).codes(&[
        "job_not_found",
        "archive_unavailable",
        "archive_damaged",
    ]),
];

pub struct Storage;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Storage")]
impl Storage {
    /// Preview the retention
    ///
    /// Counts the jobs that retention would remove now, by status, type and month of their end.
    /// Changes nothing. Jobs with the label `keep=true` are never removed.
    #[oai(
        path = "/retention/preview",
        method = "post",
        operation_id = "preview_retention"
    )]
    async fn preview_retention(&self, jobs: Acting) -> Result<Json<RetentionPreview>> {
        Ok(Json(jobs.preview_retention().await?.into()))
    }

    /// List archives
    ///
    /// Returns the objects of the archive, newest first, with the number of jobs in each.
    #[oai(path = "/archives", method = "get", operation_id = "list_archives")]
    async fn list_archives(
        &self,
        jobs: Acting,
        /// Maximum number of archives on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<ArchiveList>> {
        let limit = paging::limit(limit.0)?;
        let after = paging::name_cursor(cursor.0)?;
        let (rows, next_cursor) = jobs.list_archives(after, limit).await?;
        let list = ArchiveList {
            archives: rows.into_iter().map(Archive::from).collect(),
            has_more: next_cursor.is_some(),
            next_cursor: next_cursor.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next_cursor))
    }

    /// Restore an archived job
    ///
    /// Puts an archived job back into the database as it was, with its items, its labels and its
    /// history. Retention keeps it for its whole time from now on. A job that is not archived stays
    /// unchanged.
    #[oai(
        path = "/jobs/:job_id/restore",
        method = "post",
        operation_id = "restore_job"
    )]
    async fn restore_job(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
    ) -> Result<JobResponse> {
        answer(jobs.restore_job(&job_id.0).await?)
    }
}

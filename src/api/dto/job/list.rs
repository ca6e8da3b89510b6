//! Pages of jobs.

use super::Job;
use crate::{
    api::dto::{Object, object, omittable::Omittable},
    jobs::{JobFiles, View},
};
use entity::job;
use poem_openapi::Object as ObjectShape;
use serde::Serialize;

/// A job in a list. A summary or preview leaves out content, request_data, request, context and
/// result.
#[derive(Debug, ObjectShape, Serialize)]
pub struct ListedJob {
    #[oai(flatten)]
    #[serde(flatten)]
    fields: Job,
    /// Same as `job_type`, for older clients.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Same as `request_data`, for older clients.
    #[serde(skip_serializing_if = "Omittable::is_left_out")]
    request: Omittable<Object>,
    /// Path of a picture of the last shot that has one: its last frame, first frame or poster; only
    /// in a preview.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_frame_path: Option<String>,
    /// Path of the picture that the result names; only in a preview.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    poster_path: Option<String>,
    /// Path of the film that the result names, else of the clip of the last shot that has one; only
    /// in a preview.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_clip_path: Option<String>,
}

/// Fields that a summary leaves out of a listed job.
pub const LARGE_FIELDS: [&str; 5] = ["content", "request_data", "request", "context", "result"];

/// Fields that only a preview of a listed job has.
pub const PREVIEW_FIELDS: [&str; 3] = ["newest_frame_path", "poster_path", "newest_clip_path"];

impl ListedJob {
    /// Returns the job with the fields that the view shows.
    pub fn new(job: job::Model, view: View) -> Self {
        let (kind, request) = (job.job_type.clone(), object(job.request_data.clone()));
        let mut listed = Self {
            fields: job.into(),
            kind,
            request: request.into(),
            newest_frame_path: None,
            poster_path: None,
            newest_clip_path: None,
        };
        if view != View::Full {
            listed.fields.content.leave_out();
            listed.fields.request_data.leave_out();
            listed.fields.context.leave_out();
            listed.fields.result.leave_out();
            listed.request.leave_out();
        }
        listed
    }

    pub fn with_preview(self, preview: JobFiles) -> Self {
        Self {
            newest_frame_path: preview.frame,
            poster_path: preview.poster,
            newest_clip_path: preview.clip,
            ..self
        }
    }
}

/// A page of jobs.
#[derive(Debug, ObjectShape, Serialize)]
pub struct JobList {
    /// Jobs of the page.
    pub jobs: Vec<ListedJob>,
    /// Position and size of the page.
    pub pagination: Pagination,
    /// Whether more jobs follow, or may follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// Position and size of a page.
#[derive(Debug, ObjectShape, Serialize)]
pub struct Pagination {
    /// Number of matching jobs on all pages. At most 1,000 if the server has to count them, and
    /// only among the newest 200,000 jobs if it has to examine each one.
    pub total: u64,
    /// Whether `total` is exact; if false, there may be more.
    pub total_exact: bool,
    /// Maximum number of jobs on a page.
    pub limit: u64,
    /// Number of jobs skipped before this page; 0 when the page was requested by cursor.
    pub offset: u64,
    /// Whether more jobs follow, or may follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

//! Handlers of event streams: changes of one job, or of all jobs, as they happen.

use super::{
    Tag,
    auth::Acting,
    contract::{Bound, Operation, READ, RESUMABLE, operation},
    dto::JobStatus,
    filter::pair,
    headers::LastEventId,
    paging::wrong,
    sse::EventStream,
};
use crate::jobs::{EventFilter, StreamPosition};
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("stream_job_events", READ, Bound::Job)
        .headers(RESUMABLE)
        .codes(&["job_not_found"]),
    operation("stream_events", READ, Bound::Jobs).headers(RESUMABLE),
];

pub struct Streams;

#[derive(ApiResponse)]
enum JobStreamResponse {
    /// Stream of messages: `snapshot` (the job), `change` (an event), `reset` (the client's state
    /// is no longer valid).
    #[oai(status = 200)]
    Ok(EventStream),
    /// The job has ended, and the client has all of its events.
    #[oai(status = 204)]
    Over,
}

#[derive(ApiResponse)]
enum JobsStreamResponse {
    /// Stream of messages: `snapshot` (counts), `change` (an event), `reset` (the client's state is
    /// no longer valid).
    #[oai(status = 200)]
    Ok(EventStream),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Events")]
impl Streams {
    /// Follow a job
    ///
    /// Streams server-sent events: a snapshot of the job, then each change; the id of a message is
    /// the job's version. Progress arrives at most four times a second, and the last value always
    /// arrives. The stream ends when the job ends. A client that was disconnected resumes with
    /// `Last-Event-ID` or `after`.
    #[oai(
        path = "/jobs/:job_id/events/stream",
        method = "get",
        operation_id = "stream_job_events"
    )]
    async fn stream_job_events(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        /// Version that the client has: the stream then starts with the changes after it, without a
        /// snapshot.
        after: Query<Option<String>>,
        last: LastEventId,
    ) -> Result<JobStreamResponse> {
        let after = last.or(after.0, |text| {
            let version = text.parse::<i64>().ok().filter(|version| *version >= 0);
            version.ok_or("Use the id of a message of this stream: a version, e.g. 7.")
        })?;
        let watch = jobs.watch_job(&job_id.0, after).await?;
        Ok(watch.map_or(JobStreamResponse::Over, |watch| {
            JobStreamResponse::Ok(EventStream::of_job(watch))
        }))
    }

    /// Follow all jobs
    ///
    /// Streams server-sent events: the number of jobs by status, then each change of a job that
    /// matches all given filters. All servers of the database send the changes in the same order. A
    /// deletion arrives as an event of kind `deleted`. Progress of a job arrives at most four times
    /// a second, and the last value always arrives. A client that was disconnected resumes with
    /// `Last-Event-ID` or `after`. A client that reads too slowly gets a `reset`, and the stream
    /// ends.
    #[oai(
        path = "/events/stream",
        method = "get",
        operation_id = "stream_events"
    )]
    async fn stream_events(
        &self,
        jobs: Acting,
        /// Only events of jobs of this type. If repeated, the job has one of the types.
        job_type: Query<Vec<String>>,
        /// Only events after which the job has this status. If repeated, it has one of the
        /// statuses.
        status: Query<Vec<JobStatus>>,
        /// Only events of jobs with this label, as `key=value`. If repeated, a job must have all
        /// labels.
        label: Query<Vec<String>>,
        /// Id of a message of this stream, or the `position` of an event: the stream then starts
        /// with the changes after it, without a snapshot.
        after: Query<Option<String>>,
        last: LastEventId,
    ) -> Result<JobsStreamResponse> {
        let after = last.or(after.0, |text| {
            text.parse::<StreamPosition>()
                .map_err(|()| "Use the id of a message of this stream, e.g. 1042.")
        })?;
        let filter = EventFilter {
            job_types: job_type.0,
            statuses: status.0.into_iter().map(Into::into).collect(),
            labels: label
                .0
                .iter()
                .map(|text| pair(text))
                .collect::<Result<_>>()?,
            ..EventFilter::default()
        };
        let watch = jobs.watch_jobs(filter, after)?;
        let jobs = jobs.clone();
        Ok(JobsStreamResponse::Ok(EventStream::of_all(
            watch,
            move || jobs.now(),
        )))
    }
}

impl LastEventId {
    /// Parses the position from the header, or from the parameter `after` if there is no header.
    fn or<T>(
        self,
        after: Option<String>,
        read: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<Option<T>> {
        let (name, text) = match (self.0, after) {
            (Some(id), _) => ("Last-Event-ID", id),
            (None, Some(after)) => ("after", after),
            (None, None) => return Ok(None),
        };
        read(&text)
            .map(Some)
            .map_err(|detail| wrong(name, "invalid_position", detail))
    }
}

//! Streams of events: what happens to a job, or to all jobs, as it happens.

use super::{Tag, dto::JobStatus, filter::pair, headers::LastEventId, paging::wrong, sse::EventStream};
use crate::jobs::{EventFilter, JobManager, Place};
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};

pub struct Streams(pub JobManager);

#[derive(ApiResponse)]
enum JobStream {
    /// Messages as they come: `snapshot` (the job), `change` (an event), `reset` (what the client knows is void).
    #[oai(status = 200)]
    Ok(EventStream),
    /// The job has ended, and the client has all of it.
    #[oai(status = 204)]
    Over,
}

#[derive(ApiResponse)]
enum AllStream {
    /// Messages as they come: `snapshot` (counts), `change` (an event), `reset` (what the client knows is void).
    #[oai(status = 200)]
    Ok(EventStream),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Events")]
impl Streams {
    /// Follow a job
    ///
    /// Server-sent events: a snapshot of the job, then each change; the id of a message is the version. Progress comes at most four
    /// times a second, the last value always. Ends with the job. A client that was cut off goes on where it was with
    /// `Last-Event-ID`, or `after`.
    #[oai(path = "/jobs/:job_id/events/stream", method = "get", operation_id = "stream_job_events")]
    async fn stream_job_events(
        &self,
        /// Id of the job.
        job_id: Path<String>,
        /// Version that the client has: no snapshot comes, but the changes behind it.
        after: Query<Option<String>>,
        last: LastEventId,
    ) -> Result<JobStream> {
        let after = last.or(after.0, |text| {
            let version = text.parse::<i64>().ok().filter(|version| *version >= 0);
            version.ok_or("Use the id of a message of this stream: a version, e.g. 7.")
        })?;
        let watch = self.0.watch_job(&job_id.0, after).await?;
        Ok(watch.map_or(JobStream::Over, |watch| JobStream::Ok(EventStream::of_job(watch))))
    }

    /// Follow all jobs
    ///
    /// Server-sent events: how many jobs there are, then each change of a job that all given filters let through, in the order in
    /// which they are told by every server of the database. A deletion comes as an event of the kind `deleted`. Progress of a job
    /// comes at most four times a second, the last value always. A client that was cut off goes on where it was with
    /// `Last-Event-ID`, or `after`. Who reads too slowly is told so by a `reset`, and the stream ends.
    #[oai(path = "/events/stream", method = "get", operation_id = "stream_events")]
    async fn stream_events(
        &self,
        /// Only events of jobs of this type; may be given several times.
        job_type: Query<Vec<String>>,
        /// Only events after which the job is in this status; may be given several times.
        status: Query<Vec<JobStatus>>,
        /// Only events of jobs with this label, as `key=value`; may be given several times, and all must hold.
        label: Query<Vec<String>>,
        /// Id of a message of this stream, or the `position` of an event: no snapshot comes, but the changes behind it.
        after: Query<Option<String>>,
        last: LastEventId,
    ) -> Result<AllStream> {
        let after = last.or(after.0, |text| {
            text.parse::<Place>().map_err(|()| "Use the id of a message of this stream, e.g. 1042.")
        })?;
        let filter = EventFilter {
            job_types: job_type.0,
            statuses: status.0.into_iter().map(Into::into).collect(),
            labels: label.0.iter().map(|text| pair(text)).collect::<Result<_>>()?,
        };
        let watch = self.0.watch_jobs(filter, after)?;
        let jobs = self.0.clone();
        Ok(AllStream::Ok(EventStream::of_all(watch, move || jobs.now())))
    }
}

impl LastEventId {
    /// The header counts before the parameter.
    fn or<T>(self, after: Option<String>, read: impl Fn(&str) -> Result<T, &'static str>) -> Result<Option<T>> {
        let (name, text) = match (self.0, after) {
            (Some(id), _) => ("Last-Event-ID", id),
            (None, Some(after)) => ("after", after),
            (None, None) => return Ok(None),
        };
        read(&text).map(Some).map_err(|detail| wrong(name, "invalid_position", detail))
    }
}

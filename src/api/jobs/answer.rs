//! Responses of the calls that create or change a job.

use crate::api::{dto::Job, headers::etag, json_bytes::JsonBytes};
use entity::job;
use poem::Result;
use poem_openapi::ApiResponse;

/// A job with its version.
#[derive(ApiResponse)]
pub enum JobResponse {
    /// The job after the change.
    #[oai(status = 200)]
    Ok(
        JsonBytes<Job>,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// Builds the response of every call that changes a job, from the row that the write returned. A
/// second query could fail, and a change that was committed would then look as if it had failed.
pub fn answer(job: job::Model) -> Result<JobResponse> {
    let tag = etag(job.version);
    Ok(JobResponse::Ok(JsonBytes::of_change(&job.into())?, tag))
}

#[derive(ApiResponse)]
pub enum CreatedJob {
    /// The created job, now in the queue.
    #[oai(status = 201)]
    Created(
        JsonBytes<Job>,
        /// Path of the job.
        #[oai(header = "Location")]
        String,
        /// Version of the job, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// Builds the response of every call that creates a job.
pub fn made(job: job::Model) -> Result<CreatedJob> {
    let (location, tag) = (format!("/api/v1/jobs/{}", job.id), etag(job.version));
    Ok(CreatedJob::Created(
        JsonBytes::of_change(&job.into())?,
        location,
        tag,
    ))
}

//! Jobs as the older calls read and make them: lists of any length, paths of results, and episodes
//! that a create brings along.

use crate::{
    api::{paging::wrong, problem::Problem},
    error::FieldError,
    jobs::{Filter, Idempotency, JobManager, NewJob, Order, PageAfter, View},
};
use entity::job;
use poem::Result;
use serde_json::{Map, Value};

/// Maximum number of jobs that a list of an older call returns.
const MAX_JOBS: u64 = 1_000;

/// Maximum number of jobs per query.
const PAGE: u64 = 200;

/// Number of jobs in a list whose call names none.
const DEFAULT_LIMIT: u64 = 50;

/// Lists the newest jobs that match behind an offset: at most `limit`, and at most [`MAX_JOBS`].
pub async fn newest(
    jobs: &JobManager,
    filter: &Filter,
    offset: u64,
    limit: Option<u64>,
) -> Result<Vec<job::Model>> {
    let (mut found, mut after) = (Vec::new(), start(offset));
    let limit = limit.unwrap_or(DEFAULT_LIMIT).min(MAX_JOBS);
    loop {
        let left = limit.saturating_sub(found.len() as u64);
        if left == 0 {
            return Ok(found);
        }
        let (order, view) = (Order::NewestFirst, View::Full);
        let page = jobs
            .list_jobs(filter, order, after, left.min(PAGE), view)
            .await?;
        found.extend(page.jobs);
        match page.next {
            Some(next) => after = PageAfter::Cursor(next),
            None => return Ok(found),
        }
    }
}

/// Checks the parameter `limit` against its maximum in the document, which has signed numbers
/// because many generators of clients have no others.
///
/// Errors: `invalid_request`.
pub fn checked_limit(limit: Option<u64>) -> Result<Option<u64>> {
    if limit.is_some_and(|limit| limit > i64::MAX as u64) {
        let detail = "Use a limit of at most 9223372036854775807.";
        return Err(wrong("limit", "out_of_range", detail));
    }
    Ok(limit)
}

fn start(offset: u64) -> PageAfter {
    if offset == 0 {
        PageAfter::Start
    } else {
        PageAfter::Offset(offset)
    }
}

/// Returns the path of the video that a job made: older services gave it one of two names.
pub fn video_path(job: &job::Model) -> Option<String> {
    let result = job.result_data.as_ref()?;
    let path = |name: &str| result.get(name)?.as_str().map(str::to_owned);
    path("video_path").or_else(|| path("final_video_path"))
}

/// Returns the number of shots of a job, which some services had in the result alone.
pub fn total_shots(job: &job::Model) -> Option<i64> {
    if job.total_shots > 0 {
        return Some(job.total_shots.into());
    }
    let result = job.result_data.as_ref();
    result.and_then(|result| result.get("total_shots")?.as_i64())
}

/// Returns the mode of a job, or the one that its type implies.
pub fn mode(job: &job::Model) -> Option<String> {
    let of_type = || job.job_type.strip_suffix("2video").map(str::to_owned);
    job.mode.clone().or_else(of_type)
}

/// Creates a job with its series and episode. With a series and a number, the job belongs to the
/// episode of that number, which is created if the series has none.
pub async fn create(
    jobs: &JobManager,
    new: NewJob,
    series_id: Option<String>,
    number: Option<i32>,
    idempotency: Option<Idempotency>,
) -> Result<job::Model> {
    let mut new = NewJob { series_id, ..new };
    if let (Some(series_id), Some(number)) = (&new.series_id, number) {
        let title = new.project_title.clone();
        let episode = jobs.find_or_create_episode(series_id, number, title);
        new.episode_id = Some(episode.await?.id);
    }
    Ok(jobs.create_job(new, idempotency).await?.job)
}

/// Returns a request as the older service stored it with the job: an object.
pub fn request(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// Refuses a text with a NUL character under the name that the client knows.
pub fn check_nul(field: &str, text: &str) -> Result<()> {
    if !text.contains('\0') {
        return Ok(());
    }
    let detail = "Take the NUL character (U+0000) out: no database here can hold it.";
    let field = FieldError::at(format!("/{field}"), "nul_character", detail);
    Err(Problem::invalid(vec![field]).into())
}

//! Handlers of schedules: jobs that are created by the clock.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, IDEMPOTENT, Operation, READ, SCHEDULES, operation},
    dto::{NewSchedule, PreviewSchedule, Schedule, ScheduleList, SchedulePatch, ScheduleTimes},
    headers::IdempotencyKey,
    jobs::{CreatedJob, made},
    json_bytes::JsonBytes,
    paging,
    series::Gone,
};
use crate::jobs::MAX_NEXT_RUNS;
use poem::Result;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("create_schedule", SCHEDULES, Bound::Refused).codes(&[
        "series_not_found",
        "episode_not_found",
        "item_conflict",
        "schedule_exists",
    ]),
    operation("list_schedules", READ, Bound::Refused),
    operation("preview_schedule", READ, Bound::Refused),
    operation("get_schedule", READ, Bound::Refused).codes(&["schedule_not_found"]),
    operation("update_schedule", SCHEDULES, Bound::Refused).codes(&[
        "schedule_not_found",
        "series_not_found",
        "episode_not_found",
        "item_conflict",
    ]),
    operation("delete_schedule", SCHEDULES, Bound::Refused).codes(&["schedule_not_found"]),
    operation("pause_schedule", SCHEDULES, Bound::Refused).codes(&["schedule_not_found"]),
    operation("resume_schedule", SCHEDULES, Bound::Refused).codes(&["schedule_not_found"]),
    operation("run_schedule", SCHEDULES, Bound::Refused)
        .headers(IDEMPOTENT)
        .codes(&[
            "schedule_not_found",
            "series_not_found",
            "episode_not_found",
            "job_exists",
            "idempotency_key_reused",
            "counter_exhausted",
        ]),
    operation("list_schedule_times", READ, Bound::Refused).codes(&["schedule_not_found"]),
];

pub struct Schedules;

#[derive(ApiResponse)]
enum CreatedSchedule {
    /// The created schedule.
    #[oai(status = 201)]
    Created(
        Json<Schedule>,
        /// Path of the schedule.
        #[oai(header = "Location")]
        String,
    ),
}

/// Times that a call lists by default.
const DEFAULT_COUNT: u32 = 10;

#[OpenApi(prefix_path = "/api/v1/schedules", tag = "Tag::Schedules")]
impl Schedules {
    /// Create a schedule
    ///
    /// Creates a schedule, which creates a job at each of its times. The job of the time
    /// 2026-12-24 18:00 UTC has the id `{schedule_id}.20261224T180000Z` and the label
    /// `schedule={schedule_id}`. Each time creates one job, however many servers run.
    #[oai(path = "/", method = "post", operation_id = "create_schedule")]
    async fn create_schedule(
        &self,
        jobs: Acting,
        body: Body<NewSchedule>,
    ) -> Result<CreatedSchedule> {
        let row = jobs.create_schedule(body.value.into()).await?;
        let location = format!("/api/v1/schedules/{}", row.id);
        Ok(CreatedSchedule::Created(Json(row.into()), location))
    }

    /// List schedules
    ///
    /// Returns a page of schedules, by id.
    #[oai(path = "/", method = "get", operation_id = "list_schedules")]
    async fn list_schedules(
        &self,
        jobs: Acting,
        /// Maximum number of schedules on the page; 50 by default.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u64>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<String>>,
    ) -> Result<JsonBytes<ScheduleList>> {
        let after = paging::name_cursor(cursor.0)?;
        let (rows, next) = jobs.list_schedules(after, paging::limit(limit.0)?).await?;
        let list = ScheduleList {
            schedules: rows.into_iter().map(Into::into).collect(),
            has_more: next.is_some(),
            next_cursor: next.clone(),
        };
        Ok(JsonBytes::json(&list)?.followed_by(next))
    }

    /// Preview a schedule
    ///
    /// Returns an expression in words, and its next times. Creates nothing.
    #[oai(path = "/preview", method = "post", operation_id = "preview_schedule")]
    async fn preview_schedule(
        &self,
        jobs: Acting,
        body: Body<PreviewSchedule>,
    ) -> Result<Json<ScheduleTimes>> {
        let of = body.value;
        let preview = jobs.preview_schedule(
            of.kind.into(),
            of.expr,
            of.timezone,
            (of.starts_at, of.ends_at),
            count(of.count),
        )?;
        Ok(Json(preview.into()))
    }

    /// Get a schedule
    ///
    /// Returns a schedule with its next time, its last job and the last error.
    #[oai(path = "/:schedule_id", method = "get", operation_id = "get_schedule")]
    async fn get_schedule(
        &self,
        jobs: Acting,
        /// Id of the schedule.
        schedule_id: Path<String>,
    ) -> Result<Json<Schedule>> {
        Ok(Json(jobs.get_schedule(&schedule_id.0).await?.into()))
    }

    /// Change a schedule
    ///
    /// Changes the given fields. The next time is counted anew from now; a time that had its job
    /// does not come again.
    #[oai(
        path = "/:schedule_id",
        method = "patch",
        operation_id = "update_schedule"
    )]
    async fn update_schedule(
        &self,
        jobs: Acting,
        /// Id of the schedule.
        schedule_id: Path<String>,
        body: Body<SchedulePatch>,
    ) -> Result<Json<Schedule>> {
        let changed = jobs.update_schedule(&schedule_id.0, body.value.into());
        Ok(Json(changed.await?.into()))
    }

    /// Delete a schedule
    ///
    /// Deletes a schedule. Its jobs remain.
    #[oai(
        path = "/:schedule_id",
        method = "delete",
        operation_id = "delete_schedule"
    )]
    async fn delete_schedule(
        &self,
        jobs: Acting,
        /// Id of the schedule.
        schedule_id: Path<String>,
    ) -> Result<Gone> {
        jobs.delete_schedule(&schedule_id.0).await?;
        Ok(Gone::Gone)
    }

    /// Pause a schedule
    ///
    /// Its times pass without jobs until it is resumed. A repeated call changes nothing.
    #[oai(
        path = "/:schedule_id/pause",
        method = "post",
        operation_id = "pause_schedule"
    )]
    async fn pause_schedule(
        &self,
        jobs: Acting,
        /// Id of the schedule.
        schedule_id: Path<String>,
    ) -> Result<Json<Schedule>> {
        Ok(Json(jobs.pause_schedule(&schedule_id.0).await?.into()))
    }

    /// Resume a schedule
    ///
    /// Its next time is the first after now; times that passed meanwhile get no jobs. A repeated
    /// call changes nothing.
    #[oai(
        path = "/:schedule_id/resume",
        method = "post",
        operation_id = "resume_schedule"
    )]
    async fn resume_schedule(
        &self,
        jobs: Acting,
        /// Id of the schedule.
        schedule_id: Path<String>,
    ) -> Result<Json<Schedule>> {
        Ok(Json(jobs.resume_schedule(&schedule_id.0).await?.into()))
    }

    /// Run a schedule at once
    ///
    /// Creates a job of the schedule, also while it is paused or its last job has not ended. Its
    /// times stay as they are.
    #[oai(
        path = "/:schedule_id/run",
        method = "post",
        operation_id = "run_schedule"
    )]
    async fn run_schedule(
        &self,
        jobs: Acting,
        /// Id of the schedule.
        schedule_id: Path<String>,
        key: IdempotencyKey,
    ) -> Result<CreatedJob> {
        let idempotency = key.of("run_schedule", Some(&schedule_id.0));
        made(jobs.run_schedule(&schedule_id.0, idempotency).await?.job)
    }

    /// List the next times of a schedule
    ///
    /// Returns the times in words, and the next ones, also of a paused schedule.
    #[oai(
        path = "/:schedule_id/next",
        method = "get",
        operation_id = "list_schedule_times"
    )]
    async fn list_schedule_times(
        &self,
        jobs: Acting,
        /// Id of the schedule.
        schedule_id: Path<String>,
        /// Number of times; 10 by default.
        #[oai(
            name = "count",
            validator(minimum(value = "1"), maximum(value = "100"))
        )]
        number: Query<Option<u32>>,
    ) -> Result<Json<ScheduleTimes>> {
        let next = jobs.next_runs(&schedule_id.0, count(number.0));
        Ok(Json(next.await?.into()))
    }
}

fn count(given: Option<u32>) -> usize {
    let count = usize::try_from(given.unwrap_or(DEFAULT_COUNT)).unwrap_or(usize::MAX);
    count.clamp(1, MAX_NEXT_RUNS)
}

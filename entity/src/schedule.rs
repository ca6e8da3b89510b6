//! `schedules`: one row per schedule, which creates jobs by the clock.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// How the expression of a schedule names its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum ScheduleKind {
    #[sea_orm(string_value = "cron")]
    Cron,
    /// A distance between two times, counted from `starts_at`, or else from `created_at`.
    #[sea_orm(string_value = "every")]
    Every,
    #[sea_orm(string_value = "once")]
    Once,
}

/// What happens at a time of the schedule when the job of the time before has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum Overlap {
    #[sea_orm(string_value = "skip")]
    Skip,
    /// One time waits until that job has ended.
    #[sea_orm(string_value = "queue_one")]
    QueueOne,
    #[sea_orm(string_value = "cancel_previous")]
    CancelPrevious,
    #[sea_orm(string_value = "allow")]
    Allow,
}

/// What happens to the times that passed while no server ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum Missed {
    /// None gets a job, unless the newest is at most `window_seconds` late.
    #[sea_orm(string_value = "skip")]
    Skip,
    /// The newest gets a job.
    #[sea_orm(string_value = "last")]
    Last,
    /// Each gets a job, at most 100.
    #[sea_orm(string_value = "all")]
    All,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: ScheduleKind,
    pub expr: String,
    /// Name of a time zone, such as `Europe/Berlin`.
    pub timezone: String,
    /// Job to create, as the body of a create.
    #[sea_orm(column_type = "JsonBinary")]
    pub template: Json,
    pub overlap: Overlap,
    pub missed: Missed,
    pub window_seconds: i32,
    pub jitter_seconds: i32,
    pub starts_at: Option<DateTimeUtc>,
    pub ends_at: Option<DateTimeUtc>,
    pub paused_at: Option<DateTimeUtc>,
    /// Next time of the schedule; null if it is paused or has no more.
    pub next_at: Option<DateTimeUtc>,
    /// When a server looks at `next_at`: later by the jitter, or by a wait for the last job.
    pub due_at: Option<DateTimeUtc>,
    /// Last time of the schedule that was decided.
    pub last_at: Option<DateTimeUtc>,
    pub last_job_id: Option<String>,
    /// Jobs created so far.
    pub fired: i64,
    /// Times without a job so far.
    pub skipped: i64,
    /// Why the last time got no job; null if it got one.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// +1 at each change by a caller.
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

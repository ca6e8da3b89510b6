//! Items as the API returns them, and the shots that older clients see instead.

use super::{Time, same::same};
use crate::jobs;
use entity::job_item;
use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

/// Status of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ItemStatus {
    Pending,
    Processing,
    Completed,
    Failed,
    /// Done although no worker worked on it.
    Skipped,
}

same!(
    ItemStatus = entity::ItemStatus {
        Pending,
        Processing,
        Completed,
        Failed,
        Skipped,
    }
);

/// One part of a job, e.g. a shot, a file or a URL.
#[derive(Debug, Object)]
pub struct Item {
    /// Position in the job, from 0.
    idx: i32,
    /// Name of the item, given by the creator.
    key: String,
    /// Status of the item.
    status: ItemStatus,
    /// Input of the item, given by the creator.
    input: Option<Value>,
    /// Result of the item.
    result: Option<Value>,
    /// Error of a failed item.
    error: Option<String>,
    /// Attempt of the job that last reported on the item; 0 before the first report.
    attempt: i32,
    /// Time when the item was created.
    created_at: Time,
    /// Time of the item's last change.
    updated_at: Time,
    /// Time of the first report that the item is processed; null until then.
    started_at: Option<Time>,
    /// Time when the item was completed or failed; null until then.
    completed_at: Option<Time>,
}

impl From<job_item::Model> for Item {
    fn from(item: job_item::Model) -> Self {
        Self {
            idx: item.idx,
            key: item.key,
            status: item.status.into(),
            input: item.input,
            result: item.result,
            error: item.error,
            attempt: item.attempt,
            created_at: item.created_at.into(),
            updated_at: item.updated_at.into(),
            started_at: item.started_at.map(Into::into),
            completed_at: item.completed_at.map(Into::into),
        }
    }
}

/// Items of a job, in order.
#[derive(Debug, Object)]
pub struct ItemList {
    /// Id of the job.
    pub job_id: String,
    /// Items of the page.
    pub items: Vec<Item>,
    /// Same as `next_cursor`, for older clients, to send as `after`.
    pub next_after: Option<i32>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

/// Status of a shot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ShotStatus {
    Pending,
    GeneratingFrames,
    GeneratingVideo,
    Completed,
    Failed,
}

/// A shot of the video.
#[derive(Debug, Object, Serialize)]
pub struct Shot {
    /// Number of the shot; shots of different scenes may have the same number.
    shot_idx: i64,
    /// Status of the shot.
    status: ShotStatus,
    /// Path of the first frame.
    first_frame_path: Option<String>,
    /// Path of the last frame.
    last_frame_path: Option<String>,
    /// Path of the video.
    video_path: Option<String>,
    /// Path of a picture of the video.
    poster_path: Option<String>,
    /// Length of the video in seconds.
    seconds: Option<f64>,
    /// Description of the shot as a whole.
    description: Option<String>,
    /// Description of the picture.
    visual_desc: Option<String>,
    /// Description of the movement.
    motion_desc: Option<String>,
    /// Description of the sound.
    audio_desc: Option<String>,
    /// Number of the camera.
    camera_idx: Option<i64>,
    /// How much the last frame differs from the first, e.g. `small`.
    variation_type: Option<String>,
    /// Error of a failed shot.
    error: Option<String>,
    /// Number of the scene.
    scene_idx: Option<i64>,
}

/// Shots of a job, in order.
#[derive(Debug, Object)]
pub struct ShotList {
    /// Id of the job.
    pub job_id: String,
    /// Number of shots, as far as it is known.
    pub total_shots: i32,
    /// Shots of the page.
    pub shots: Vec<Shot>,
    /// Same as `next_cursor`, for older clients, to send as `after`.
    pub next_after: Option<i32>,
    /// Whether more follow.
    pub has_more: bool,
    /// Cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl From<jobs::Shot> for Shot {
    fn from(shot: jobs::Shot) -> Self {
        let status = match shot.status {
            jobs::ShotStatus::Pending => ShotStatus::Pending,
            jobs::ShotStatus::GeneratingFrames => ShotStatus::GeneratingFrames,
            jobs::ShotStatus::GeneratingVideo => ShotStatus::GeneratingVideo,
            jobs::ShotStatus::Completed => ShotStatus::Completed,
            jobs::ShotStatus::Failed => ShotStatus::Failed,
        };
        Self {
            shot_idx: shot.shot_idx,
            status,
            first_frame_path: shot.first_frame_path,
            last_frame_path: shot.last_frame_path,
            video_path: shot.video_path,
            poster_path: shot.poster_path,
            seconds: shot.seconds,
            description: shot.description,
            visual_desc: shot.visual_desc,
            motion_desc: shot.motion_desc,
            audio_desc: shot.audio_desc,
            camera_idx: shot.camera_idx,
            variation_type: shot.variation_type,
            error: shot.error,
            scene_idx: shot.scene_idx,
        }
    }
}

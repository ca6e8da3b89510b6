//! Items as the API returns them, and the shots that older clients see instead.

use super::Time;
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

impl From<entity::ItemStatus> for ItemStatus {
    fn from(status: entity::ItemStatus) -> Self {
        match status {
            entity::ItemStatus::Pending => Self::Pending,
            entity::ItemStatus::Processing => Self::Processing,
            entity::ItemStatus::Completed => Self::Completed,
            entity::ItemStatus::Failed => Self::Failed,
            entity::ItemStatus::Skipped => Self::Skipped,
        }
    }
}

impl From<ItemStatus> for entity::ItemStatus {
    fn from(status: ItemStatus) -> Self {
        match status {
            ItemStatus::Pending => Self::Pending,
            ItemStatus::Processing => Self::Processing,
            ItemStatus::Completed => Self::Completed,
            ItemStatus::Failed => Self::Failed,
            ItemStatus::Skipped => Self::Skipped,
        }
    }
}

/// One part of a job, e.g. a shot, a file or a URL.
#[derive(Debug, Object)]
pub struct Item {
    /// Position in the job, from 0.
    idx: i32,
    /// Name of the item, given by the creator.
    key: String,
    status: ItemStatus,
    /// Input of the item, given by the creator.
    input: Option<Value>,
    /// Result of the item.
    result: Option<Value>,
    /// Error of a failed item.
    error: Option<String>,
    /// Attempt of the job that last reported on the item; 0 before the first report.
    attempt: i32,
    created_at: Time,
    updated_at: Time,
    started_at: Option<Time>,
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
    pub job_id: String,
    pub items: Vec<Item>,
    /// Position of the last item of this page, to send as `after` for the next page; null on the
    /// last page.
    pub next_after: Option<i32>,
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
    status: ShotStatus,
    first_frame_path: Option<String>,
    last_frame_path: Option<String>,
    video_path: Option<String>,
    description: Option<String>,
    visual_desc: Option<String>,
    motion_desc: Option<String>,
    audio_desc: Option<String>,
    camera_idx: Option<i64>,
    variation_type: Option<String>,
    error: Option<String>,
    scene_idx: Option<i64>,
}

/// Shots of a job, in order.
#[derive(Debug, Object)]
pub struct ShotList {
    pub job_id: String,
    pub total_shots: i32,
    pub shots: Vec<Shot>,
    /// Position of the last shot of this response, to send as `after` for the next ones; null if
    /// there are no more.
    pub next_after: Option<i32>,
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

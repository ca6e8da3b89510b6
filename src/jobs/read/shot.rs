//! Shot: an item of a job in the form that older clients know.

use entity::{ItemStatus, job_item};
use serde_json::Value;

/// Members of an item's input that a shot uses.
const INPUT: [&str; 8] = [
    "shot_idx",
    "description",
    "visual_desc",
    "motion_desc",
    "audio_desc",
    "camera_idx",
    "variation_type",
    "scene_idx",
];
/// Members of an item's result that a shot uses.
const RESULT: [&str; 8] = [
    "status",
    "description",
    "poster_path",
    "thumbnail_path",
    "seconds",
    "first_frame_path",
    "last_frame_path",
    "video_path",
];

/// Leaves the members of an item that a shot uses.
pub(in crate::jobs) fn reduced(mut item: job_item::Model) -> job_item::Model {
    let keep = |document: &mut Option<Value>, names: &[&str]| {
        if let Some(Value::Object(members)) = document {
            members.retain(|name, _| names.contains(&name.as_str()));
        } else {
            *document = None;
        }
    };
    keep(&mut item.input, &INPUT);
    keep(&mut item.result, &RESULT);
    item
}

/// Status of a shot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShotStatus {
    Pending,
    GeneratingFrames,
    GeneratingVideo,
    Completed,
    Failed,
}

/// Item in the form of a shot: the request comes from the item's input, the output from its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Shot {
    pub shot_idx: i64,
    pub status: ShotStatus,
    pub first_frame_path: Option<String>,
    pub last_frame_path: Option<String>,
    pub video_path: Option<String>,
    /// Picture of the clip: `poster_path` or `thumbnail_path` of the result.
    pub poster_path: Option<String>,
    /// Length of the clip in seconds.
    pub seconds: Option<f64>,
    pub description: Option<String>,
    pub visual_desc: Option<String>,
    pub motion_desc: Option<String>,
    pub audio_desc: Option<String>,
    pub camera_idx: Option<i64>,
    pub variation_type: Option<String>,
    pub error: Option<String>,
    pub scene_idx: Option<i64>,
}

impl From<&job_item::Model> for Shot {
    fn from(item: &job_item::Model) -> Self {
        let text = |from: &Option<Value>, name: &str| {
            from.as_ref()?.get(name)?.as_str().map(str::to_owned)
        };
        let number = |from: &Option<Value>, name: &str| from.as_ref()?.get(name)?.as_i64();
        Self {
            shot_idx: shot_number(item),
            status: status(item),
            first_frame_path: text(&item.result, "first_frame_path"),
            last_frame_path: text(&item.result, "last_frame_path"),
            video_path: text(&item.result, "video_path"),
            poster_path: text(&item.result, "poster_path")
                .or_else(|| text(&item.result, "thumbnail_path")),
            seconds: seconds(item),
            description: text(&item.input, "description")
                .or_else(|| text(&item.result, "description")),
            visual_desc: text(&item.input, "visual_desc"),
            motion_desc: text(&item.input, "motion_desc"),
            audio_desc: text(&item.input, "audio_desc"),
            camera_idx: number(&item.input, "camera_idx"),
            variation_type: text(&item.input, "variation_type"),
            error: item.error.clone(),
            scene_idx: number(&item.input, "scene_idx"),
        }
    }
}

/// Returns the length of the clip if the worker gave one that a clip can have.
fn seconds(item: &job_item::Model) -> Option<f64> {
    let given = item.result.as_ref()?.get("seconds")?.as_f64()?;
    (given.is_finite() && given > 0.0).then_some(given)
}

/// Returns the number that the creator gave, else a numeric key, else the position.
pub(super) fn shot_number(item: &job_item::Model) -> i64 {
    let given = item
        .input
        .as_ref()
        .and_then(|i| i.get("shot_idx"))
        .and_then(Value::as_i64);
    given
        .or_else(|| item.key.parse().ok())
        .unwrap_or(item.idx.into())
}

/// Returns the status of a shot. The worker may name its current step in the `status` of the
/// result; otherwise a shot with a first frame counts as generating its video.
fn status(item: &job_item::Model) -> ShotStatus {
    let result = |name: &str| {
        item.result
            .as_ref()
            .and_then(|r| r.get(name))
            .and_then(Value::as_str)
    };
    match item.status {
        ItemStatus::Pending => ShotStatus::Pending,
        ItemStatus::Completed | ItemStatus::Skipped => ShotStatus::Completed,
        ItemStatus::Failed => ShotStatus::Failed,
        ItemStatus::Processing => match (result("status"), result("first_frame_path")) {
            (Some("generating_video"), _) => ShotStatus::GeneratingVideo,
            (Some("generating_frames"), _) | (_, None) => ShotStatus::GeneratingFrames,
            (_, Some(_)) => ShotStatus::GeneratingVideo,
        },
    }
}

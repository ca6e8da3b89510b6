//! Shots: the items of a job in the form that older clients know.

use crate::{
    db::{
        JobFiles, ShownItems,
        write::{Change, Items},
    },
    error::{Error, Resource, Result},
    jobs::{JobManager, validate},
    lifecycle::EventKind,
};
use entity::{ItemStatus, JobStatus, job, job_item};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

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

/// Members of a result with a frame, the best first.
const FRAME_FIELDS: [&str; 4] = [
    "last_frame_path",
    "first_frame_path",
    "poster_path",
    "thumbnail_path",
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

/// New descriptions of a shot; `None` leaves a description unchanged.
#[derive(Clone, Debug, Default)]
pub struct ShotEdit {
    pub visual_desc: Option<String>,
    pub motion_desc: Option<String>,
    pub audio_desc: Option<String>,
}

impl ShotEdit {
    /// Returns the given fields with their names.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("visual_desc", &self.visual_desc),
            ("motion_desc", &self.motion_desc),
            ("audio_desc", &self.audio_desc),
        ];
        all.into_iter()
            .filter_map(|(name, value)| value.as_deref().map(|v| (name, v)))
            .collect()
    }
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
fn shot_number(item: &job_item::Model) -> i64 {
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

impl JobManager {
    /// Returns the job with its shots behind position `after`, in order, and the position of the
    /// last shot if more follow than one response holds.
    ///
    /// Errors: `job_not_found`.
    pub async fn list_shots(
        &self,
        id: &str,
        after: Option<i32>,
    ) -> Result<(job::Model, Vec<Shot>, Option<i32>)> {
        let (job, ShownItems { items, next_after }) = self.with_items(id, after).await?;
        Ok((job, items.iter().map(Shot::from).collect(), next_after))
    }

    /// Returns the files that show something of a job, by job id, before the job is done and after.
    pub(in crate::jobs) async fn previews(
        &self,
        jobs: &[job::Model],
    ) -> Result<HashMap<String, JobFiles>> {
        let ids = |with: fn(&job::Model) -> bool| -> Vec<&str> {
            let jobs = jobs.iter().filter(|job| with(job));
            jobs.map(|job| job.id.as_str()).collect()
        };
        let with_shots = ids(|job| job.total_shots > 0);
        let ended = ids(|job| job.status == JobStatus::Completed);
        let mut previews: HashMap<String, JobFiles> = self.db.result_previews(ended).await?;
        for (id, path) in self.db.newest_paths(&with_shots, &FRAME_FIELDS).await? {
            previews.entry(id).or_default().frame = Some(path);
        }
        for (id, path) in self.db.newest_paths(&with_shots, &["video_path"]).await? {
            previews.entry(id).or_default().clip.get_or_insert(path);
        }
        Ok(previews)
    }

    /// Changes descriptions of one shot, in any status of the job. If several scenes number their
    /// shots alike, this changes the first shot with the number.
    ///
    /// Errors: `job_not_found`, `shot_not_found`, `invalid_request`.
    pub async fn update_shot(&self, id: &str, shot_idx: i64, edit: ShotEdit) -> Result<job::Model> {
        let mut checks = validate::Checks::default();
        for (name, value) in edit.fields() {
            checks.text(format_args!("/{name}"), Some(value), usize::MAX);
        }
        checks.finish()?;
        let weight = edit.fields().iter().map(|(_, text)| text.len()).sum();
        let done = self.try_change(id, None, Items::All, weight, move |loaded, now| {
            let item = loaded
                .items
                .iter()
                .find(|item| shot_number(item) == shot_idx);
            let mut item = item.ok_or(Error::NotFound(Resource::Shot))?.clone();
            let before = item.input.clone();
            let input = item.input.get_or_insert_with(|| Value::Object(Map::new()));
            if !input.is_object() {
                // An input that is not an object stays readable beside the descriptions.
                *input = json!({"value": input.take()});
            }
            for (name, value) in edit.fields() {
                input[name] = value.into();
            }
            if item.input == before || edit.fields().is_empty() {
                return Ok(None);
            }
            item.updated_at = now;
            let names: Vec<_> = edit.fields().iter().map(|(name, _)| *name).collect();
            let event_data = json!({"idx": item.idx, "shot_idx": shot_idx, "fields": names});
            let change =
                Change::of(EventKind::ShotDescribed, loaded.job.clone()).with_data(event_data);
            Ok(Some(Change {
                items: vec![item],
                ..change
            }))
        });
        Ok(done.await?.job)
    }
}

//! list_shots and update_shot: the items of a job as shots.

use crate::{
    db::{
        JobFiles, ShownItems,
        write::{Change, Items},
    },
    error::{Error, Resource, Result},
    jobs::{
        JobManager,
        read::shot::{Shot, shot_number},
        validate,
    },
    lifecycle::EventKind,
};
use entity::{JobStatus, job};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Members of a result with a frame, the best first.
const FRAME_FIELDS: [&str; 4] = [
    "last_frame_path",
    "first_frame_path",
    "poster_path",
    "thumbnail_path",
];

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

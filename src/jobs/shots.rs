//! Shots: the items of a job as the older clients know them.

use super::{JobManager, validate};
use crate::{
    db::{
        Readable, text_member,
        write::{Change, Items},
    },
    error::{Error, Result, Thing},
    lifecycle::EventKind,
};
use entity::{ItemStatus, job, job_item};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Where a shot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShotStatus {
    Pending,
    GeneratingFrames,
    GeneratingVideo,
    Completed,
    Failed,
}

/// An item read as a shot: what was wanted comes from the item's input, what was made from its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Shot {
    pub shot_idx: i64,
    pub status: ShotStatus,
    pub first_frame_path: Option<String>,
    pub last_frame_path: Option<String>,
    pub video_path: Option<String>,
    pub description: Option<String>,
    pub visual_desc: Option<String>,
    pub motion_desc: Option<String>,
    pub audio_desc: Option<String>,
    pub camera_idx: Option<i64>,
    pub variation_type: Option<String>,
    pub error: Option<String>,
    pub scene_idx: Option<i64>,
}

/// New descriptions of a shot; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct ShotEdit {
    pub visual_desc: Option<String>,
    pub motion_desc: Option<String>,
    pub audio_desc: Option<String>,
}

impl ShotEdit {
    /// The fields that are given, by name.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let all =
            [("visual_desc", &self.visual_desc), ("motion_desc", &self.motion_desc), ("audio_desc", &self.audio_desc)];
        all.into_iter().filter_map(|(name, value)| value.as_deref().map(|v| (name, v))).collect()
    }
}

impl From<&job_item::Model> for Shot {
    fn from(item: &job_item::Model) -> Self {
        let text = |from: &Option<Value>, name: &str| from.as_ref()?.get(name)?.as_str().map(str::to_owned);
        let number = |from: &Option<Value>, name: &str| from.as_ref()?.get(name)?.as_i64();
        Self {
            shot_idx: shot_number(item),
            status: status(item),
            first_frame_path: text(&item.result, "first_frame_path"),
            last_frame_path: text(&item.result, "last_frame_path"),
            video_path: text(&item.result, "video_path"),
            description: text(&item.input, "description"),
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

/// The number that the creator gave, else a numeric key, else the position.
fn shot_number(item: &job_item::Model) -> i64 {
    let given = item.input.as_ref().and_then(|i| i.get("shot_idx")).and_then(Value::as_i64);
    given.or_else(|| item.key.parse().ok()).unwrap_or(item.idx.into())
}

/// A worker may say in the result's `status` which of the two steps it is at; else a first frame tells.
fn status(item: &job_item::Model) -> ShotStatus {
    let result = |name: &str| item.result.as_ref().and_then(|r| r.get(name)).and_then(Value::as_str);
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
    /// The job and all its shots, in order.
    ///
    /// Errors: `job_not_found`.
    pub async fn list_shots(&self, id: &str) -> Result<(job::Model, Vec<Shot>)> {
        let (job, items) = self.with_items(id).await?;
        Ok((job, items.iter().map(Shot::from).collect()))
    }

    /// By job, the last frame of the last shot that has one: what can be seen of a job before it is done.
    pub(super) async fn newest_frames(&self, jobs: &[job::Model]) -> Result<HashMap<String, String>> {
        use job_item::Column as C;
        let ids: Vec<&str> = jobs.iter().filter(|job| job.total_shots > 0).map(|job| job.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let db = self.db.read();
        let path = |name| text_member(sea_orm::ConnectionTrait::get_database_backend(db), Expr::col(C::Result), name);
        let newest = job_item::Entity::find()
            .select_only()
            .column(C::JobId)
            .column_as(C::Idx.max(), "idx")
            .filter(C::JobId.is_in(ids))
            .filter(path("first_frame_path").is_not_null().or(path("last_frame_path").is_not_null()))
            .group_by(C::JobId)
            .into_query();
        let newest = Expr::tuple([Expr::col(C::JobId), Expr::col(C::Idx)]).in_subquery(newest);
        let items = job_item::Entity::find().filter(newest).rows(db).await?;
        let frame = |item: job_item::Model| {
            let shot = Shot::from(&item);
            Some((item.job_id, shot.last_frame_path.or(shot.first_frame_path)?))
        };
        Ok(items.into_iter().filter_map(frame).collect())
    }

    /// Rewrites descriptions of one shot, whatever the job's status. Where scenes number their shots alike, the first
    /// shot with the number is meant.
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
            let item = loaded.items.iter().find(|item| shot_number(item) == shot_idx);
            let mut item = item.ok_or(Error::NotFound(Thing::Shot))?.clone();
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
            let told = json!({"idx": item.idx, "shot_idx": shot_idx, "fields": names});
            let change = Change::of(EventKind::ShotDescribed, loaded.job.clone()).telling(told);
            Ok(Some(Change { items: vec![item], ..change }))
        });
        Ok(done.await?.job)
    }
}

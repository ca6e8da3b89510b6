//! Handlers of single shots, as older clients know them.

use super::{
    Tag,
    auth::Acting,
    body::Body,
    contract::{Bound, Operation, READ, REPORT, operation},
    dto::{EditShot, Shot, ShotUpdated},
};
use crate::{
    error::{Error, Resource},
    jobs::ShotEdit,
};
use poem::Result;
use poem_openapi::{OpenApi, param::Path, payload::Json};

/// Contract of each operation here.
pub const CONTRACT: &[Operation] = &[
    operation("get_shot", READ, Bound::Job).codes(&["job_not_found", "shot_not_found"]),
    operation("update_shot", REPORT, Bound::Job).codes(&[
        "job_not_found",
        "shot_not_found",
        "counter_exhausted",
    ]),
];

pub struct Shots;

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Items")]
impl Shots {
    /// Get a shot
    ///
    /// Returns a shot by its number. If shots of different scenes have the same number, returns the
    /// first of them.
    #[oai(
        path = "/:job_id/shots/:shot_idx",
        method = "get",
        operation_id = "get_shot"
    )]
    async fn get_shot(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        /// Number of the shot.
        shot_idx: Path<i64>,
    ) -> Result<Json<Shot>> {
        let mut after = None;
        loop {
            let (_, shots, next) = jobs.list_shots(&job_id.0, after).await?;
            let found = shots.into_iter().find(|shot| shot.shot_idx == shot_idx.0);
            if let Some(shot) = found {
                return Ok(Json(shot.into()));
            }
            if next.is_none() {
                return Err(Error::NotFound(Resource::Shot).into());
            }
            after = next;
        }
    }

    /// Describe a shot anew
    ///
    /// Sets the given descriptions of a shot, whatever the status of the job.
    #[oai(
        path = "/:job_id/shots/:shot_idx",
        method = "put",
        operation_id = "update_shot"
    )]
    async fn update_shot(
        &self,
        jobs: Acting,
        /// Id of the job.
        job_id: Path<String>,
        /// Number of the shot.
        shot_idx: Path<i64>,
        body: Body<EditShot>,
    ) -> Result<Json<ShotUpdated>> {
        let edit: ShotEdit = body.value.into();
        let updated_fields = edit
            .fields()
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        jobs.update_shot(&job_id.0, shot_idx.0, edit).await?;
        let message = "Shot updated successfully".to_owned();
        Ok(Json(ShotUpdated {
            message,
            job_id: job_id.0,
            shot_idx: shot_idx.0,
            updated_fields,
        }))
    }
}

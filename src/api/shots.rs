//! Handler of single shots, as older clients know them.

use super::{
    Tag,
    body::Body,
    dto::{EditShot, ShotUpdated},
};
use crate::jobs::{JobManager, ShotEdit};
use poem::Result;
use poem_openapi::{OpenApi, param::Path, payload::Json};

pub struct Shots(pub JobManager);

#[OpenApi(prefix_path = "/api/v1/jobs", tag = "Tag::Items")]
impl Shots {
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
        self.0.update_shot(&job_id.0, shot_idx.0, edit).await?;
        let message = "Shot updated successfully".to_owned();
        Ok(Json(ShotUpdated {
            message,
            job_id: job_id.0,
            shot_idx: shot_idx.0,
            updated_fields,
        }))
    }
}

//! The service as handlers get it: as the caller of their request uses it, and in no other way.

use crate::{api::problem::Problem, jobs::JobManager};
use poem::{FromRequest, Request, RequestBody, Result};
use std::{ops::Deref, sync::Arc};

#[derive(Clone)]
pub struct Acting(pub Arc<JobManager>);

impl Deref for Acting {
    type Target = JobManager;

    fn deref(&self) -> &JobManager {
        &self.0
    }
}

impl<'a> FromRequest<'a> for Acting {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let acting = request.data::<Self>().cloned();
        Ok(acting.ok_or_else(|| Problem::internal("a call without a caller"))?)
    }
}

//! create_job: puts a job with its items in the queue, once for each idempotency key.

use crate::{
    db::write::Created,
    error::{Error, Result},
    jobs::{
        JobManager,
        create::{check_new_job::check, idempotency::Idempotency, new_job::NewJob},
        validate,
    },
    telemetry::request,
};

impl JobManager {
    /// Puts a job in the queue. If the idempotency key was used before with the same request,
    /// returns the job that the first call created.
    ///
    /// Errors: `invalid_request`, `job_exists`, `idempotency_key_reused`.
    pub async fn create_job(
        &self,
        new: NewJob,
        idempotency: Option<Idempotency>,
    ) -> Result<Created> {
        check(&new, idempotency.as_ref(), self.webhook_policy())?;
        let (new, idempotency) = (self.with_binding(new)?, self.scoped(idempotency));
        self.provide_webhooks([&new]).await?;
        let now = self.now();
        let created = self.db.commit(self.new_job(new, idempotency, now)).await?;
        request::note_job(&created.job.id);
        Ok(created)
    }

    /// Adds the labels that the caller is bound to.
    ///
    /// Errors: `outside_binding`, for another type or label.
    pub(in crate::jobs) fn with_binding(&self, mut new: NewJob) -> Result<NewJob> {
        let Some(binding) = self.binding() else {
            return Ok(new);
        };
        if !binding.holds_type(&new.job_type) {
            return Err(Error::OutsideBinding(format!(
                "The key of the call is bound to jobs of the types {}: use one of these.",
                binding.job_types.join(", ")
            )));
        }
        for (key, bound) in &binding.labels {
            let given = new
                .labels
                .entry(key.clone())
                .or_insert_with(|| bound.clone());
            if given != bound {
                return Err(Error::OutsideBinding(format!(
                    "The key of the call is bound to the label {key}={bound}: leave the label out."
                )));
            }
        }
        let mut checks = validate::Checks::default();
        checks.labels("/labels", &new.labels);
        checks.finish()?;
        Ok(new)
    }
}

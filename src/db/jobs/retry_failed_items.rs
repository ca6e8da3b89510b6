//! Creates a new job from the failed items of another.

use crate::{
    db::{
        Readable, Tx, Write,
        jobs::create_job::{CreateJob, Created},
        one_job,
        writer::by,
    },
    error::{Error, Resource, Result},
    lifecycle::is_terminal,
};
use chrono::{DateTime, Utc};
use entity::{ItemStatus, JobStatus, job, job_item};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use serde_json::{Map, Value};

pub struct RetryFailedItems {
    /// Id of the job whose items failed.
    pub id: String,
    pub new_id: String,
    pub idempotency_key: Option<String>,
    pub idempotency_fingerprint: Option<String>,
    /// Key of the caller, which creates the new job.
    pub created_by: Option<String>,
    pub now: DateTime<Utc>,
}

impl Write for RetryFailedItems {
    type Output = Created;

    async fn apply(&self, tx: &Tx) -> Result<Created> {
        // The lock keeps the job from being retried while its failed items are copied.
        let source = one_job(tx, job::Entity::find_by_id(&self.id).lock(LockType::Update)).await?;
        let source = source.ok_or(Error::NotFound(Resource::Job))?;
        by::check(&tx.by(), &source)?;
        let failed = job_item::Entity::find()
            .filter(job_item::Column::JobId.eq(&self.id))
            .filter(job_item::Column::Status.eq(ItemStatus::Failed))
            .order_by_asc(job_item::Column::Idx);
        let items: Vec<_> = (0..)
            .zip(failed.rows(tx).await?)
            .map(|(idx, item)| self.item(idx, item))
            .collect();
        let known = self.idempotency_key.is_some();
        // A repeated call gets the response of the first one, whatever has happened to the job
        // meanwhile.
        if !known && !is_terminal(source.status) {
            return Err(Error::NotEnded(source.status));
        }
        if !known && items.is_empty() {
            return Err(Error::NoFailedItems);
        }
        let (status, none) = (source.status, items.is_empty());
        let created = CreateJob {
            job: self.job(source, items.len()),
            items,
            named: false,
            active: None,
        }
        .apply(tx)
        .await?;
        match created.replayed {
            false if !is_terminal(status) => Err(Error::NotEnded(status)),
            false if none => Err(Error::NoFailedItems),
            _ => Ok(created),
        }
    }
}

impl RetryFailedItems {
    fn job(&self, source: job::Model, items: usize) -> job::Model {
        let mut context = match source.context {
            Some(Value::Object(members)) => members,
            Some(value) => Map::from_iter([("value".to_owned(), value)]),
            None => Map::new(),
        };
        context.insert("retry_of".to_owned(), self.id.as_str().into());
        job::Model {
            id: self.new_id.clone(),
            working_dir: Some(format!(".working_dir/{}/{}", source.job_type, self.new_id)),
            context: Some(Value::Object(context)),
            run_at: None,
            idempotency_key: self.idempotency_key.clone(),
            idempotency_fingerprint: self.idempotency_fingerprint.clone(),
            source: None,
            source_status: None,
            status: JobStatus::Queued,
            progress: 0.0,
            current_stage: None,
            result_data: None,
            error_message: None,
            total_shots: i32::try_from(items).unwrap_or(i32::MAX),
            completed_shots: 0,
            created_at: self.now,
            created_by: self.created_by.clone(),
            updated_at: self.now,
            started_at: None,
            completed_at: None,
            attempt: 0,
            worker_id: None,
            lease_token: None,
            lease_expires_at: None,
            cancel_requested_at: None,
            version: 1,
            status_since: Some(self.now),
            last_lease_token: None,
            claim_id: None,
            last_heard_at: None,
            unheard_claims: 0,
            run_until: None,
            holds: 0,
            ..source
        }
    }

    fn item(&self, idx: i32, failed: job_item::Model) -> job_item::Model {
        job_item::Model {
            job_id: self.new_id.clone(),
            idx,
            status: ItemStatus::Pending,
            result: None,
            error: None,
            attempt: 0,
            created_at: self.now,
            updated_at: self.now,
            started_at: None,
            completed_at: None,
            ..failed
        }
    }
}

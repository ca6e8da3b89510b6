//! Active jobs: the list of jobs that each client has open. A job leaves all lists when it ends.

use crate::{
    db::{Database, Readable, Tx, Write, one_job, rows::bulk, writer::by},
    error::{Error, Resource, Result},
    lifecycle::is_terminal,
};
use entity::{active_job, job, job_event};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{Expr, LockType, OnConflict as Conflict},
};

/// Adds a job to its client's list, or changes its title there.
pub struct SetActive(pub active_job::Model);

impl Write for SetActive {
    type Output = (active_job::Model, job::Model);

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        // The lock keeps the job from ending before the commit, which would leave it on the list
        // forever.
        let job = one_job(
            tx,
            job::Entity::find_by_id(&self.0.job_id).lock(LockType::Share),
        )
        .await?;
        let job = job.ok_or(Error::NotFound(Resource::Job))?;
        by::check(&tx.by(), &job)?;
        if is_terminal(job.status) {
            return Err(Error::JobEnded(job.status));
        }
        let conflict = Conflict::columns([active_job::Column::ClientId, active_job::Column::JobId])
            .update_column(active_job::Column::Title)
            .to_owned();
        let insert =
            active_job::Entity::insert(self.0.clone().into_active_model()).on_conflict(conflict);
        Ok((insert.exec_with_returning(tx).await?, job))
    }
}

/// Removes a job, or all jobs, from a client's list.
pub struct RemoveActive {
    pub client_id: String,
    pub job_id: Option<String>,
}

impl Write for RemoveActive {
    /// Number of removed jobs.
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        let by = tx.by();
        let mut delete = active_job::Entity::delete_many()
            .filter(active_job::Column::ClientId.eq(&self.client_id));
        if let Some(job_id) = &self.job_id {
            let job = one_job(tx, job::Entity::find_by_id(job_id)).await?;
            job.map_or(Ok(()), |job| by::check(&by, &job))?;
            delete = delete.filter(active_job::Column::JobId.eq(job_id));
        }
        if let Some(own) = by::own(&by, tx.get_database_backend()) {
            let own = job::Entity::find()
                .select_only()
                .column(job::Column::Id)
                .filter(own);
            delete = delete.filter(active_job::Column::JobId.in_subquery(own.into_query()));
        }
        Ok(delete.exec(tx).await?.rows_affected)
    }
}

/// Removes the jobs that end with these events from all lists.
pub(in crate::db) async fn clear_ended(tx: &Tx, events: &[job_event::Model]) -> Result<(), DbErr> {
    let ended: Vec<&str> = events
        .iter()
        .filter(|e| is_terminal(e.status))
        .map(|e| e.job_id.as_str())
        .collect();
    if ended.is_empty() {
        return Ok(());
    }
    let of_jobs = bulk::is_one_of(
        tx.get_database_backend(),
        Expr::col(active_job::Column::JobId),
        &ended,
    );
    active_job::Entity::delete_many()
        .filter(of_jobs)
        .exec(tx)
        .await?;
    Ok(())
}

impl Database {
    /// Returns the rows of the client's list, newest first: at most `limit`.
    pub async fn active_jobs_of(
        &self,
        client_id: &str,
        limit: u64,
    ) -> Result<Vec<active_job::Model>> {
        let mut listed =
            active_job::Entity::find().filter(active_job::Column::ClientId.eq(client_id));
        if self
            .caller()
            .is_some_and(|caller| !caller.binding.is_free())
        {
            let within = by::within(self.caller(), self.read().get_database_backend());
            let inside = job::Entity::find()
                .select_only()
                .column(job::Column::Id)
                .filter(within);
            listed = listed.filter(active_job::Column::JobId.in_subquery(inside.into_query()));
        }
        Ok(listed
            .order_by_desc(active_job::Column::CreatedAt)
            .order_by_desc(active_job::Column::JobId)
            .limit(limit)
            .rows(self.read())
            .await?)
    }
}

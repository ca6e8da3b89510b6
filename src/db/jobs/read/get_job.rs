//! Reads of single jobs: whole, with their items, or some of their columns.

use crate::{
    db::{
        Database, Readable,
        items::read::{ReduceItem, ShownItems, shown_items},
        jobs::list::columns::brief,
        jobs_of, one_job,
        writer::by,
    },
    error::{Error, Resource, Result},
};
use entity::job;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Maximum number of reads of a job with its items before the server reads them in one transaction.
const TRIES: usize = 3;

impl Database {
    /// Returns the job with this id.
    ///
    /// Errors: `job_not_found`.
    pub async fn job(&self, id: &str) -> Result<job::Model> {
        by::see(&self.caller, find(self.read(), id).await?)
    }

    /// Returns the version of the job with this id, if there is such a job.
    pub async fn job_version(&self, id: &str) -> Result<Option<i64>> {
        if self.caller().is_none_or(|caller| caller.binding.is_free()) {
            return version(self.read(), id).await;
        }
        match self.job(id).await {
            Err(Error::NotFound(_)) => Ok(None),
            job => Ok(Some(job?.version)),
        }
    }

    /// Returns the job and its items behind position `after`, each item reduced by `reduce`. Both
    /// have the same version, though two statements read them. A snapshot would cost each read a
    /// transaction; a comparison of the version afterwards costs only jobs with items.
    ///
    /// Errors: `job_not_found`.
    pub async fn job_with_items(
        &self,
        id: &str,
        after: Option<i32>,
        reduce: ReduceItem,
    ) -> Result<(job::Model, ShownItems)> {
        let db = self.read();
        for _ in 0..TRIES {
            let (job, shown) = with_items(db, id, after, reduce).await?;
            let job = by::see(&self.caller, job)?;
            // `total_shots` counts the items too, so a job without shots has none.
            if (job.total_shots == 0 && shown.items.is_empty())
                || version(db, id).await? == Some(job.version)
            {
                return Ok((job, shown));
            }
        }
        let snapshot = self.snapshot().await?;
        let whole = with_items(&snapshot, id, after, reduce).await?;
        snapshot.commit().await?;
        Ok((by::see(&self.caller, whole.0)?, whole.1))
    }

    /// Returns those of the jobs that exist, without their large columns.
    pub async fn brief_jobs(&self, ids: Vec<&str>) -> Result<Vec<job::Model>> {
        let query = brief().filter(job::Column::Id.is_in(ids));
        Ok(jobs_of(self.read(), query).await?)
    }

    /// Returns the labels of those of the jobs that exist and have labels, by id.
    pub async fn labels_of(&self, ids: BTreeSet<&str>) -> Result<HashMap<String, Value>> {
        let rows: Vec<(String, Option<Value>)> = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .column(job::Column::Labels)
            .filter(job::Column::Id.is_in(ids))
            .into_tuple()
            .rows(self.read())
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, labels)| Some((id, labels?)))
            .collect())
    }
}

async fn with_items(
    db: &impl ConnectionTrait,
    id: &str,
    after: Option<i32>,
    reduce: ReduceItem,
) -> Result<(job::Model, ShownItems)> {
    let job = find(db, id).await?;
    let items = shown_items(db, id, after, reduce).await?;
    Ok((job, items))
}

async fn find(db: &impl ConnectionTrait, id: &str) -> Result<job::Model> {
    one_job(db, job::Entity::find_by_id(id))
        .await?
        .ok_or(Error::NotFound(Resource::Job))
}

async fn version(db: &impl ConnectionTrait, id: &str) -> Result<Option<i64>> {
    Ok(job::Entity::find_by_id(id)
        .select_only()
        .column(job::Column::Version)
        .into_tuple()
        .row(db)
        .await?)
}

//! Caller of a write: its events name it, and it may change only what its key may.

use crate::{
    db::{Readable, dialect},
    error::{Error, Resource, Result},
    lifecycle::Principal,
};
use entity::{Role, api_key, job, job_event};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect,
    prelude::Json,
    sea_query::{Expr, ExprTrait},
};
use std::{collections::BTreeSet, sync::Arc};

/// Caller of a write; `None` for the server itself and the command line.
pub type By = Option<Arc<Principal>>;

/// Refuses a change of a job that there is not for the caller, or that the caller may not change.
///
/// Errors: `job_not_found`, `not_own_job`.
pub fn check(by: &By, job: &job::Model) -> Result<()> {
    match by {
        Some(caller) if !caller.binding.holds(job) => Err(Error::NotFound(Resource::Job)),
        Some(caller) if !caller.may_change(job) => Err(Error::NotOwnJob(caller.name.clone())),
        _ => Ok(()),
    }
}

/// Returns the job, if there is such a job for the caller.
///
/// Errors: `job_not_found`.
pub fn see(caller: &By, job: job::Model) -> Result<job::Model> {
    match caller {
        Some(caller) if !caller.binding.holds(&job) => Err(Error::NotFound(Resource::Job)),
        _ => Ok(job),
    }
}

/// Refuses a change of labels that would take a job out of the caller's binding, or change to whom
/// it is bound: that is up to an admin.
///
/// Errors: `outside_binding`.
pub async fn check_labels(
    tx: &impl ConnectionTrait,
    by: &By,
    before: &job::Model,
    after: &job::Model,
) -> Result<()> {
    let Some(caller) = by.as_ref().filter(|_| before.labels != after.labels) else {
        return Ok(());
    };
    if !caller.binding.holds(after) {
        let detail = "The job would leave the labels that the key of the call is bound to: leave \
            these labels as they are.";
        return Err(Error::OutsideBinding(detail.to_owned()));
    }
    if caller.role == Role::Admin {
        return Ok(());
    }
    let value = |job: &job::Model, key: &str| job.labels.as_ref()?.get(key).cloned();
    for key in binding_labels(tx).await? {
        if value(before, &key) != value(after, &key) {
            return Err(Error::OutsideBinding(format!(
                "Keys are bound to the label {key}: only a key with the role admin may change it."
            )));
        }
    }
    Ok(())
}

/// Returns the labels that any valid key is bound to.
async fn binding_labels(tx: &impl ConnectionTrait) -> Result<BTreeSet<String>> {
    use api_key::Column as C;
    let bound: Vec<Option<Json>> = api_key::Entity::find()
        .select_only()
        .column(C::Labels)
        .filter(C::Labels.is_not_null())
        .filter(C::RevokedAt.is_null())
        .into_tuple()
        .rows(tx)
        .await?;
    let members = bound
        .into_iter()
        .flatten()
        .filter_map(|labels| match labels {
            Json::Object(members) => Some(members),
            _ => None,
        });
    Ok(members
        .flat_map(|members| members.into_iter().map(|(key, _)| key))
        .collect())
}

/// Returns the id and the name of the caller's key; `None` where nothing authenticated.
pub fn names(by: &By) -> (Option<String>, Option<String>) {
    let caller = by.as_ref().filter(|caller| caller.key_id.is_some());
    let key = caller.and_then(|caller| caller.key_id.clone());
    (key, caller.map(|caller| caller.name.clone()))
}

/// Records the caller in an event.
pub fn sign(event: &mut job_event::Model, by: &By) {
    if by.is_some() {
        (event.by_key, event.by_name) = names(by);
    }
}

/// Returns the condition on the rows of jobs that there are for the caller.
pub fn within(caller: Option<&Principal>, backend: DbBackend) -> Condition {
    let mut all = Condition::all();
    let Some(binding) = caller.map(|caller| &caller.binding) else {
        return all;
    };
    if !binding.job_types.is_empty() {
        all = all.add(job::Column::JobType.is_in(&binding.job_types));
    }
    for (key, value) in &binding.labels {
        let labels = Expr::col((job::Entity, job::Column::Labels));
        all = all.add(dialect::text_member(backend, labels, key).eq(value));
    }
    all
}

/// Returns the condition on the rows of jobs that the caller may change; `None` for all.
pub fn own(by: &By, backend: DbBackend) -> Option<Condition> {
    let caller = by.as_deref()?;
    let within = within(Some(caller), backend);
    let own =
        (caller.has_own_jobs_only()).then(|| job::Column::CreatedBy.eq(caller.key_id.clone()));
    (own.is_some() || !caller.binding.is_free()).then(|| within.add_option(own))
}

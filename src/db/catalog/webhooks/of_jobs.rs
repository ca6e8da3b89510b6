//! The webhook of jobs: the row that stands for the URLs that jobs name. It has one position in the
//! history for all of them, and its deliveries are sent endpoint by endpoint.

use super::change::{locked, update};
use crate::{
    db::{Database, Readable, Tx, Write, dialect, last_position, rows::once::insert_unless_there},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{
    job, job_event,
    webhook::{self, JOBS, WebhookState},
};
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, Statement,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::json;
use std::collections::BTreeSet;

/// Makes the webhook of jobs, unless it is there, and adds kinds to those that it reads.
pub struct ProvideJobsWebhook {
    pub kinds: BTreeSet<String>,
    /// Secret of a new row.
    pub secret: String,
    pub now: DateTime<Utc>,
}

impl Write for ProvideJobsWebhook {
    type Output = webhook::Model;

    async fn apply(&self, tx: &Tx) -> Result<webhook::Model> {
        let new = webhook::Model {
            id: JOBS.to_owned(),
            url: None,
            kinds: json!(self.kinds),
            job_types: None,
            labels: None,
            secret: self.secret.clone(),
            previous_secret: None,
            previous_secret_until: None,
            position: last_position(tx).await?,
            state: WebhookState::Active,
            reason: None,
            failing_since: None,
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        };
        if insert_unless_there(tx, new.clone().into_active_model()).await? {
            return Ok(new);
        }
        let before = locked(tx, JOBS).await?;
        let mut kinds = kinds_of(&before);
        kinds.extend(self.kinds.iter().cloned());
        let after = webhook::Model {
            kinds: json!(kinds),
            ..before.clone()
        };
        update(tx, &before, &after).await?;
        Ok(after)
    }

    fn key(&self) -> Option<&str> {
        Some(JOBS)
    }
}

/// Returns the kinds of messages that a webhook is sent.
pub fn kinds_of(webhook: &webhook::Model) -> BTreeSet<String> {
    let names = webhook.kinds.as_array().into_iter().flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// Condition for events of jobs that name a URL. A join could make the database read all of the
/// jobs.
pub(super) fn names_url() -> Expr {
    let url = Query::select()
        .expr(Expr::val(1))
        .from(job::Entity)
        .and_where(
            Expr::col((job::Entity, job::Column::Id))
                .equals((job_event::Entity, job_event::Column::JobId)),
        )
        .and_where(Expr::col((job::Entity, job::Column::Webhook)).is_not_null())
        .to_owned();
    Expr::from(url).is_not_null()
}

impl Database {
    /// Returns the first `limit` endpoints of jobs behind one to which deliveries are due, if the
    /// webhook of jobs is active.
    pub async fn due_endpoints(
        &self,
        behind: &str,
        now: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<String>> {
        let row = webhook::Entity::find_by_id(JOBS).row(self.read()).await?;
        if row.is_none_or(|row| row.state != WebhookState::Active) {
            return Ok(Vec::new());
        }
        let backend = self.read().get_database_backend();
        let asked = endpoints_due(backend, behind, now, limit);
        let rows = self.read().query_all_raw(asked).await?;
        let endpoints = rows.iter().map(|row| row.try_get_by_index(0));
        Ok(endpoints.collect::<std::result::Result<_, _>>()?)
    }
}

/// Returns the statement that selects endpoints of jobs to which deliveries are due.
pub fn endpoints_due(
    backend: DbBackend,
    behind: &str,
    now: DateTime<Utc>,
    limit: u64,
) -> Statement {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Statement::from_sql_and_values(
        backend,
        dialect::webhooks::due_endpoints(backend),
        [JOBS.into(), behind.into(), now.into(), limit.into()],
    )
}

//! Follower that makes a delivery of each event that a webhook is to be sent.

use super::{
    change::locked,
    events_for,
    job_url::JobUrl,
    message::compose,
    message_job::{Message, jobs_of},
};
use crate::{
    db::{
        Part, Readable, Tx,
        changes::history::LARGE_COLUMNS,
        events::{follow::Follower, kept::shown},
        part,
    },
    error::{Error, Result},
    lifecycle::{EventKind, MessageKind},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    job_event,
    webhook::{self, WebhookState},
    webhook_delivery::{self as delivery, DeliveryState},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select,
    sea_query::OnConflict as Conflict,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Deliveries of a webhook that may be due. While more are, its events stay in the history.
const MAX_DUE: u64 = 1000;

/// Deliveries of a webhook that may wait, most of them for another attempt.
const MAX_WAITING: u64 = 100_000;

/// Least time between two messages about the progress of a job.
const PROGRESS_EVERY: TimeDelta = TimeDelta::seconds(10);

#[derive(Clone)]
pub struct PlanDeliveries {
    pub webhook_id: String,
    pub now: DateTime<Utc>,
    /// Row as it was locked.
    locked: Arc<Mutex<Option<webhook::Model>>>,
}

impl PlanDeliveries {
    pub fn new(webhook_id: String, now: DateTime<Utc>) -> Self {
        Self {
            webhook_id,
            now,
            locked: Arc::default(),
        }
    }

    /// Returns the planner of a webhook whose row the transaction has locked.
    pub(super) fn of(locked: webhook::Model, now: DateTime<Utc>) -> Self {
        Self {
            webhook_id: locked.id.clone(),
            now,
            locked: Arc::new(Mutex::new(Some(locked))),
        }
    }

    fn row(&self) -> Result<webhook::Model> {
        let row = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        row.clone()
            .ok_or_else(|| Error::Internal("a webhook was read before it was locked".to_owned()))
    }
}

impl Follower for PlanDeliveries {
    const PAGE: u64 = 200;
    // What one webhook catches up with holds up the others no longer than this.
    const PAGES: u64 = 20;
    type Event = job_event::Model;

    fn name(&self) -> &str {
        &self.webhook_id
    }

    fn position_of(event: &job_event::Model) -> i64 {
        event.id
    }

    async fn lock(&self, tx: &Tx) -> Result<Option<i64>> {
        use delivery::Column as D;
        let row = match locked(tx, &self.webhook_id).await {
            Ok(row) if row.state == WebhookState::Active => row,
            // It was deleted or stopped meanwhile.
            Ok(_) | Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let due = waiting(&self.webhook_id).filter(D::NextAt.lte(self.now));
        // One endpoint of a job that is away must not hold up the others: they share the position.
        let is_bounded = !row.is_of_jobs();
        if is_bounded
            && (are_at_least(tx, due, MAX_DUE).await?
                || are_many_waiting(tx, &self.webhook_id).await?)
        {
            return Ok(None);
        }
        let position = row.position;
        *self.locked.lock().unwrap_or_else(PoisonError::into_inner) = Some(row);
        Ok(Some(position))
    }

    async fn read(
        &self,
        tx: &Tx,
        from: i64,
        upto: i64,
        limit: u64,
    ) -> Result<Part<job_event::Model>> {
        let events = events_for(&self.row()?, from, upto);
        Ok(shown(part(events, limit, &LARGE_COLUMNS, tx).await?))
    }

    async fn act(&self, tx: &Tx, events: &[job_event::Model]) -> Result<()> {
        let webhook = self.row()?;
        let jobs = jobs_of(tx, events).await?;
        let mut progress = last_progress(tx, &webhook.id, events).await?;
        for event in events {
            let Some(message) = compose(&webhook, event, jobs.get(&event.job_id)) else {
                continue;
            };
            if message.is_progress {
                let last = progress.get(&event.job_id);
                if last.is_some_and(|last| event.created_at - *last < PROGRESS_EVERY) {
                    continue;
                }
                progress.insert(event.job_id.clone(), event.created_at);
            }
            insert(tx, self.delivery(event, message)).await?;
        }
        Ok(())
    }

    async fn reach(&self, tx: &Tx, position: i64, _more: bool) -> Result<()> {
        let row = webhook::ActiveModel {
            id: Set(self.webhook_id.clone()),
            position: Set(position),
            ..Default::default()
        };
        row.update(tx).await?;
        Ok(())
    }
}

impl PlanDeliveries {
    fn delivery(&self, event: &job_event::Model, message: Message) -> delivery::ActiveModel {
        delivery::ActiveModel {
            id: NotSet,
            webhook_id: Set(self.webhook_id.clone()),
            event_id: Set(Some(event.id)),
            job_id: Set(Some(event.job_id.clone())),
            kind: Set(message.kind.to_owned()),
            endpoint: Set(message
                .to
                .as_ref()
                .map_or_else(String::new, JobUrl::endpoint)),
            scope: Set(message.to.as_ref().and_then(|to| to.scope.clone())),
            url: Set(message.to.map(|to| to.url)),
            body: Set(message.body),
            state: Set(DeliveryState::Pending),
            attempt: Set(0),
            event_at: Set(event.created_at),
            next_at: Set(Some(self.now)),
            created_at: Set(self.now),
            updated_at: Set(self.now),
            ..Default::default()
        }
    }
}

/// Returns whether there are at least this many of the deliveries, without reading more of them.
async fn are_at_least(tx: &Tx, rows: Select<delivery::Entity>, number: u64) -> Result<bool> {
    let last = rows
        .select_only()
        .column(delivery::Column::Id)
        .offset(number - 1)
        .limit(1);
    Ok(last.into_tuple::<i64>().row(tx).await?.is_some())
}

/// Returns whether [`MAX_WAITING`] deliveries wait for the URL of a webhook; then the server makes
/// no more of them.
pub(super) async fn are_many_waiting(tx: &Tx, webhook_id: &str) -> Result<bool> {
    are_at_least(tx, waiting(webhook_id), MAX_WAITING).await
}

fn waiting(webhook_id: &str) -> Select<delivery::Entity> {
    delivery::Entity::find()
        .filter(delivery::Column::WebhookId.eq(webhook_id))
        .filter(delivery::Column::Endpoint.eq(""))
        .filter(delivery::Column::NextAt.is_not_null())
}

/// Inserts a delivery. After a replay there may be one of the event already, which stays.
async fn insert(tx: &Tx, row: delivery::ActiveModel) -> Result<()> {
    let key = [delivery::Column::WebhookId, delivery::Column::EventId];
    delivery::Entity::insert(row)
        .on_conflict(Conflict::columns(key).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Returns the times of the last messages about the progress of the jobs.
async fn last_progress(
    tx: &Tx,
    webhook_id: &str,
    events: &[job_event::Model],
) -> Result<HashMap<String, DateTime<Utc>>> {
    use delivery::Column as D;
    let kind = MessageKind::of_event(EventKind::Progressed.as_str());
    let of_progress = |event: &&job_event::Model| event.kind == EventKind::Progressed.as_str();
    let ids: Vec<&str> = events
        .iter()
        .filter(of_progress)
        .map(|event| event.job_id.as_str())
        .collect();
    let Some(kind) = kind.filter(|_| !ids.is_empty()) else {
        return Ok(HashMap::new());
    };
    let last = delivery::Entity::find()
        .select_only()
        .column(D::JobId)
        .column_as(D::EventAt.max(), "last")
        .filter(D::WebhookId.eq(webhook_id))
        .filter(D::JobId.is_in(ids))
        .filter(D::Kind.eq(kind.name))
        .group_by(D::JobId)
        .into_tuple::<(String, DateTime<Utc>)>();
    Ok(last.rows(tx).await?.into_iter().collect())
}

//! Webhooks and their deliveries: the rows, and the writes by which events become deliveries, and
//! these are sent by one server at a time.

mod asked;
pub mod before_they_go;
pub mod change;
pub mod deliveries;
pub mod job_url;
pub mod message;
mod message_job;
pub mod of_jobs;
pub mod plan;
pub mod replay;
pub mod send;
pub mod skipped;

use crate::{
    db::{Database, Readable, changes::history::behind, events::follow::SPAN, page},
    error::{Error, Resource, Result},
};
use asked::asked_for;
use chrono::{DateTime, Utc};
use entity::{
    job_event,
    webhook::{self, WebhookState},
    webhook_delivery as delivery,
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Query},
};

/// Returns the events that a webhook may be sent, from one position to another.
pub fn events_for(webhook: &webhook::Model, from: i64, upto: i64) -> Select<job_event::Entity> {
    behind(from)
        .filter(job_event::Column::Id.lte(upto))
        .filter(asked_for(webhook))
}

impl Database {
    /// Returns the webhook with this id.
    ///
    /// Errors: `webhook_not_found`.
    pub async fn webhook(&self, id: &str) -> Result<webhook::Model> {
        webhook::Entity::find_by_id(id)
            .row(self.read())
            .await?
            .ok_or(Error::NotFound(Resource::Webhook))
    }

    /// Returns the first `limit` webhooks whose ids sort behind `after`.
    pub async fn webhooks_behind(
        &self,
        after: Option<String>,
        limit: u64,
    ) -> Result<Vec<webhook::Model>> {
        use webhook::Column as C;
        let mut query = webhook::Entity::find().order_by_asc(C::Id);
        if let Some(after) = after {
            query = query.filter(C::Id.gt(after));
        }
        Ok(page(query, limit, self.read()).await?)
    }

    /// Returns the active webhooks.
    pub async fn active_webhooks(&self) -> Result<Vec<webhook::Model>> {
        let active = webhook::Entity::find()
            .filter(webhook::Column::State.eq(WebhookState::Active))
            .order_by_asc(webhook::Column::Id);
        Ok(active.rows(self.read()).await?)
    }

    /// Returns whether there are events that a webhook may be sent behind its position, up to the
    /// position `upto`; so far behind that the answer would take long, there may be.
    pub async fn has_events_for(&self, webhook: &webhook::Model, upto: i64) -> Result<bool> {
        if upto.saturating_sub(webhook.position) > SPAN {
            return Ok(true);
        }
        let first = events_for(webhook, webhook.position, upto)
            .select_only()
            .column(job_event::Column::Id)
            .limit(1);
        let first = first.into_tuple::<i64>().row(self.read()).await?;
        Ok(first.is_some())
    }

    /// Returns the ids of the active webhooks with deliveries that are due, to their own URLs.
    pub async fn due_webhooks(&self, now: DateTime<Utc>) -> Result<Vec<String>> {
        use delivery::Column as D;
        use webhook::Column as C;
        let due = Query::select()
            .expr(Expr::val(1))
            .from(delivery::Entity)
            .and_where(Expr::col((delivery::Entity, D::WebhookId)).equals((webhook::Entity, C::Id)))
            .and_where(Expr::col((delivery::Entity, D::Endpoint)).eq(""))
            .and_where(Expr::col((delivery::Entity, D::NextAt)).lte(now))
            .to_owned();
        let webhooks = webhook::Entity::find()
            .select_only()
            .column(C::Id)
            .filter(C::State.eq(WebhookState::Active))
            .filter(Expr::exists(due))
            .into_tuple();
        Ok(webhooks.rows(self.read()).await?)
    }

    /// Returns the delivery with this id.
    ///
    /// Errors: `delivery_not_found`.
    pub async fn delivery(&self, id: i64) -> Result<delivery::Model> {
        delivery::Entity::find_by_id(id)
            .row(self.read())
            .await?
            .ok_or(Error::NotFound(Resource::Delivery))
    }

    /// Returns the newest `limit` deliveries of a webhook that are older than `before`: all, or
    /// those about one job.
    pub async fn deliveries_before(
        &self,
        webhook_id: &str,
        job_id: Option<&str>,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Vec<delivery::Model>> {
        use delivery::Column as D;
        let mut query = delivery::Entity::find()
            .filter(D::WebhookId.eq(webhook_id))
            .order_by_desc(D::Id);
        if let Some(job_id) = job_id {
            query = query.filter(D::JobId.eq(job_id));
        }
        if let Some(before) = before {
            query = query.filter(D::Id.lt(before));
        }
        Ok(page(query, limit, self.read()).await?)
    }

    /// Returns the number of deliveries of a webhook that wait for an attempt.
    pub async fn waiting_deliveries(&self, webhook_id: &str) -> Result<u64> {
        use delivery::Column as D;
        let waiting = delivery::Entity::find()
            .filter(D::WebhookId.eq(webhook_id))
            .filter(D::NextAt.is_not_null());
        Ok(waiting.count(self.read()).await?)
    }

    /// Returns the position before the first event since a time, which is looked for by halving the
    /// history.
    pub async fn position_before(&self, time: DateTime<Utc>, last: i64) -> Result<i64> {
        use job_event::Column as E;
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = low + (high - low) / 2;
            let next = job_event::Entity::find()
                .select_only()
                .columns([E::Id, E::CreatedAt])
                .filter(E::Id.gt(middle))
                .order_by_asc(E::Id)
                .limit(1)
                .into_tuple::<(i64, DateTime<Utc>)>()
                .row(self.read())
                .await?;
            match next {
                Some((id, at)) if at < time => low = id,
                _ => high = middle,
            }
        }
        Ok(low)
    }
}

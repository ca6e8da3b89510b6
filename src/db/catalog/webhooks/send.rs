//! Deliveries that are being sent: claimed by one server, and recorded when the endpoint has
//! answered. A delivery whose server falls silent is claimed again.

use super::change::{hurry, locked, update};
use crate::{
    db::{Readable, Tx, Write},
    error::{Error, Resource, Result},
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    webhook::{self, WebhookState},
    webhook_delivery::{self as delivery, DeliveryState},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{LockBehavior, LockType},
};

/// Deliveries that are sent to an endpoint at the same time, by all servers together.
pub const MAX_IN_FLIGHT: usize = 8;

/// Takes due deliveries to an endpoint, which no other server then takes for a while.
pub struct ClaimDeliveries {
    pub webhook_id: String,
    /// Empty for the URL of the webhook.
    pub endpoint: String,
    pub now: DateTime<Utc>,
    /// Time after which another server may take them.
    pub until: DateTime<Utc>,
}

impl Write for ClaimDeliveries {
    /// The webhook, and the deliveries as they are now.
    type Output = Option<(webhook::Model, Vec<delivery::Model>)>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        use delivery::Column as D;
        // Another server is at it; what it leaves is found in the next round.
        let row = webhook::Entity::find_by_id(&self.webhook_id)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .row(tx)
            .await?;
        let Some(webhook) = row.filter(|row| row.state == WebhookState::Active) else {
            return Ok(None);
        };
        let of_endpoint = delivery::Entity::find()
            .filter(D::WebhookId.eq(&*self.webhook_id))
            .filter(D::Endpoint.eq(&*self.endpoint));
        let in_flight = of_endpoint
            .clone()
            .filter(D::State.eq(DeliveryState::Sending))
            .filter(D::NextAt.gt(self.now))
            // Later ones wait for another attempt; the index has no state. The clock of another
            // server may be ahead.
            .filter(D::NextAt.lte(self.until + (self.until - self.now)))
            .count(tx)
            .await?;
        let room = (MAX_IN_FLIGHT as u64).saturating_sub(in_flight);
        if room == 0 {
            return Ok(None);
        }
        let due = of_endpoint
            .filter(D::NextAt.lte(self.now))
            .order_by_asc(D::NextAt)
            .order_by_asc(D::Id)
            .limit(room)
            .rows(tx)
            .await?;
        let mut claimed = Vec::new();
        for before in due {
            let mut row = before.into_active_model();
            row.state = Set(DeliveryState::Sending);
            row.next_at = Set(Some(self.until));
            claimed.push(row.update(tx).await?);
        }
        Ok(Some((webhook, claimed)))
    }

    fn key(&self) -> Option<&str> {
        Some(&self.webhook_id)
    }
}

/// Decides from webhook and delivery how both are to be.
pub type DecideOutcome =
    dyn Fn(&webhook::Model, &delivery::Model) -> (webhook::Model, delivery::Model) + Send + Sync;

/// Records the outcome of an attempt, unless the delivery was claimed again or replayed meanwhile.
pub struct RecordDelivery {
    /// Delivery as it was claimed.
    pub claimed: delivery::Model,
    pub now: DateTime<Utc>,
    /// Outage after whose end the waiting deliveries are due at once.
    pub long_outage: TimeDelta,
    pub decide: Box<DecideOutcome>,
}

impl Write for RecordDelivery {
    /// The delivery as it is now; `None` if the outcome counts no more.
    type Output = Option<delivery::Model>;

    async fn apply(&self, tx: &Tx) -> Result<Self::Output> {
        let webhook = match self.webhook(tx).await {
            Ok(webhook) => webhook,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let row = delivery::Entity::find_by_id(self.claimed.id)
            .lock(LockType::Update)
            .row(tx)
            .await?;
        let is_ours = |row: &delivery::Model| {
            row.state == DeliveryState::Sending && row.next_at == self.claimed.next_at
        };
        let Some(before) = row.filter(is_ours) else {
            return Ok(None);
        };
        let (webhook_after, after) = (self.decide)(&webhook, &before);
        update(tx, &webhook, &webhook_after).await?;
        update_delivery(tx, &before, &after).await?;
        let recovered = webhook.failing_since.filter(|_| {
            webhook_after.failing_since.is_none() && webhook_after.state == WebhookState::Active
        });
        if let Some(since) = recovered.filter(|since| self.now - *since >= self.long_outage) {
            hurry(tx, &webhook.id, Some(since), self.now).await?;
        }
        Ok(Some(after))
    }

    fn key(&self) -> Option<&str> {
        let claimed = &self.claimed;
        Some(match claimed.url {
            Some(_) => &claimed.endpoint,
            None => &claimed.webhook_id,
        })
    }

    fn weight(&self) -> usize {
        32 * 1024
    }
}

impl RecordDelivery {
    /// Returns the webhook, and locks it if the outcome may change it: that of a URL of a job does
    /// not, and the endpoints of all jobs would wait for each other.
    async fn webhook(&self, tx: &Tx) -> Result<webhook::Model> {
        let id = &self.claimed.webhook_id;
        if self.claimed.url.is_none() {
            return locked(tx, id).await;
        }
        let row = webhook::Entity::find_by_id(id).row(tx).await?;
        row.ok_or(Error::NotFound(Resource::Webhook))
    }
}

/// Writes the columns that differ.
pub(super) async fn update_delivery(
    tx: &Tx,
    before: &delivery::Model,
    after: &delivery::Model,
) -> Result<()> {
    let mut row = before.clone().into_active_model();
    for column in delivery::Column::iter() {
        let value = after.get(column);
        if before.get(column) != value {
            row.set(column, value);
        }
    }
    if row.is_changed() {
        delivery::Entity::update(row).exec(tx).await?;
    }
    Ok(())
}

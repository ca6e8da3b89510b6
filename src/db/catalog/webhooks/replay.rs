//! Deliveries that a webhook gets again, or that go before it does: a portion in each transaction.

use super::change::{locked, update};
use crate::{
    db::{Readable, Tx, Write},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{
    webhook,
    webhook_delivery::{self as delivery, DeliveryState},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

/// Deliveries that one transaction resets or deletes.
pub const PORTION: u64 = 1000;

/// Sends a webhook again what came behind a position: events that it has no delivery of.
/// [`ResetDeliveries`] does so with the deliveries that there are.
pub struct ReplayWebhook {
    pub id: String,
    pub position: i64,
    pub now: DateTime<Utc>,
}

impl Write for ReplayWebhook {
    type Output = webhook::Model;

    async fn apply(&self, tx: &Tx) -> Result<webhook::Model> {
        let before = locked(tx, &self.id).await?;
        let mut after = before.clone();
        after.position = Ord::min(before.position, self.position);
        after.updated_at = self.now;
        after.version = before.version.saturating_add(1);
        update(tx, &before, &after).await?;
        Ok(after)
    }

    fn weight(&self) -> usize {
        4096
    }
}

/// Makes the first deliveries of a webhook behind a position due again: at most [`PORTION`].
pub struct ResetDeliveries {
    pub webhook_id: String,
    pub behind: i64,
    /// End of the history when the replay began.
    pub upto: i64,
    pub now: DateTime<Utc>,
}

impl Write for ResetDeliveries {
    /// Position of the last of them; `None` if none follows.
    type Output = Option<i64>;

    async fn apply(&self, tx: &Tx) -> Result<Option<i64>> {
        use delivery::Column as D;
        locked(tx, &self.webhook_id).await?;
        let events = first_events(tx, &self.webhook_id, self.behind, self.upto).await?;
        let Some(last) = events.last().copied() else {
            return Ok(None);
        };
        delivery::Entity::update_many()
            .col_expr(D::State, Expr::val(DeliveryState::Pending))
            .col_expr(D::Attempt, Expr::val(0))
            .col_expr(D::NextAt, Expr::val(self.now))
            .col_expr(D::FailingSince, Expr::val(None::<DateTime<Utc>>))
            .col_expr(D::UpdatedAt, Expr::val(self.now))
            .filter(D::WebhookId.eq(&*self.webhook_id))
            .filter(D::EventId.gt(self.behind))
            .filter(D::EventId.lte(last))
            .exec(tx)
            .await?;
        Ok(Some(last))
    }

    fn is_large(&self) -> bool {
        true
    }
}

/// Deletes deliveries of a webhook that is to be deleted: at most [`PORTION`].
pub struct DeleteDeliveries(pub String);

impl Write for DeleteDeliveries {
    /// Whether there were any.
    type Output = bool;

    async fn apply(&self, tx: &Tx) -> Result<bool> {
        use delivery::Column as D;
        locked(tx, &self.0).await?;
        let events = first_events(tx, &self.0, -1, i64::MAX).await?;
        let Some(last) = events.last().copied() else {
            return Ok(false);
        };
        delivery::Entity::delete_many()
            .filter(D::WebhookId.eq(&*self.0))
            .filter(D::EventId.lte(last))
            .exec(tx)
            .await?;
        Ok(true)
    }

    fn is_large(&self) -> bool {
        true
    }
}

/// Returns the positions of the first deliveries of a webhook behind one, up to another.
async fn first_events(tx: &Tx, webhook_id: &str, behind: i64, upto: i64) -> Result<Vec<i64>> {
    use delivery::Column as D;
    let events = delivery::Entity::find()
        .select_only()
        .column(D::EventId)
        .filter(D::WebhookId.eq(webhook_id))
        .filter(D::EventId.gt(behind))
        .filter(D::EventId.lte(upto))
        .order_by_asc(D::EventId)
        .limit(PORTION)
        .into_tuple::<i64>();
    Ok(events.rows(tx).await?)
}

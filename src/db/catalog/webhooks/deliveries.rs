//! Writes of deliveries by callers, and the deletion of old ones.

use super::{change::locked, send::update_delivery};
use crate::{
    db::{Readable, Tx, Write},
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::webhook_delivery::{self as delivery, DeliveryState};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

/// Inserts a delivery that is being sent already: a test.
pub struct InsertDelivery(pub delivery::Model);

impl Write for InsertDelivery {
    type Output = delivery::Model;

    async fn apply(&self, tx: &Tx) -> Result<delivery::Model> {
        locked(tx, &self.0.webhook_id).await?;
        let mut row = self.0.clone().into_active_model();
        row.id = NotSet;
        Ok(row.insert(tx).await?)
    }

    fn weight(&self) -> usize {
        1024 + self.0.body.len()
    }
}

/// Makes a delivery due at once, with all of its attempts.
pub struct RetryDelivery {
    pub id: i64,
    pub now: DateTime<Utc>,
}

impl Write for RetryDelivery {
    type Output = delivery::Model;

    async fn apply(&self, tx: &Tx) -> Result<delivery::Model> {
        let find = || delivery::Entity::find_by_id(self.id);
        let known = find().row(tx).await?;
        let known = known.ok_or(Error::NotFound(Resource::Delivery))?;
        locked(tx, &known.webhook_id).await?;
        let before = find().row(tx).await?;
        let before = before.ok_or(Error::NotFound(Resource::Delivery))?;
        let mut after = before.clone();
        after.state = DeliveryState::Pending;
        after.attempt = 0;
        after.next_at = Some(self.now);
        after.failing_since = None;
        after.updated_at = self.now;
        update_delivery(tx, &before, &after).await?;
        Ok(after)
    }
}

/// Deletes deliveries that ended before a time: at most `at_most`.
pub struct PruneDeliveries {
    pub created_before: DateTime<Utc>,
    pub at_most: u64,
}

impl Write for PruneDeliveries {
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        use delivery::Column as D;
        let old: Vec<i64> = delivery::Entity::find()
            .select_only()
            .column(D::Id)
            .filter(D::CreatedAt.lt(self.created_before))
            .filter(D::NextAt.is_null())
            .order_by_asc(D::CreatedAt)
            .limit(self.at_most)
            .into_tuple()
            .rows(tx)
            .await?;
        if old.is_empty() {
            return Ok(0);
        }
        let gone = delivery::Entity::delete_many()
            .filter(D::Id.is_in(old))
            .exec(tx)
            .await?;
        Ok(gone.rows_affected)
    }

    fn is_large(&self) -> bool {
        true
    }
}

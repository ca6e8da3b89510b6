//! Writes of a webhook by callers: created, changed, resumed, deleted.

use crate::{
    db::{Readable, Tx, Write, last_position, rows::once::insert_unless_there},
    error::{Error, Resource, Result},
};
use chrono::{DateTime, Utc};
use entity::{
    webhook,
    webhook_delivery::{self as delivery, DeliveryState},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait, QueryFilter,
    QuerySelect,
    sea_query::{CaseStatement, Expr, ExprTrait, LockType},
};

/// Number of attempts that a delivery with none left counts after its endpoint was away for long:
/// it has five more, over three days.
const ATTEMPTS_AFTER_OUTAGE: i32 = 5;

/// Number of attempts after which a delivery has used all that it has.
const ALL_ATTEMPTS: i32 = 10;

/// Creates a webhook at the end of the history.
pub struct InsertWebhook(pub webhook::Model);

impl Write for InsertWebhook {
    type Output = webhook::Model;

    async fn apply(&self, tx: &Tx) -> Result<webhook::Model> {
        let mut row = self.0.clone();
        row.position = last_position(tx).await?;
        if insert_unless_there(tx, row.clone().into_active_model()).await? {
            return Ok(row);
        }
        Err(Error::Internal("an id was made twice".to_owned()))
    }

    fn weight(&self) -> usize {
        4096
    }
}

/// Decides from the row alone how it is to be.
pub type DecideWebhook = dyn Fn(&webhook::Model) -> Result<webhook::Model> + Send + Sync;

/// Changes a webhook.
pub struct ChangeWebhook {
    pub id: String,
    pub decide: Box<DecideWebhook>,
    pub hurry: Hurry,
    pub now: DateTime<Utc>,
}

/// When a change makes the waiting deliveries due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurry {
    Never,
    /// If they are sent elsewhere from now on.
    IfMoved,
    Always,
}

impl Write for ChangeWebhook {
    type Output = webhook::Model;

    async fn apply(&self, tx: &Tx) -> Result<webhook::Model> {
        let before = locked(tx, &self.id).await?;
        let after = (self.decide)(&before)?;
        update(tx, &before, &after).await?;
        let hurries = match self.hurry {
            Hurry::Never => false,
            Hurry::IfMoved => before.url != after.url,
            Hurry::Always => true,
        };
        if hurries {
            hurry(tx, &self.id, None, self.now).await?;
        }
        Ok(after)
    }

    fn is_large(&self) -> bool {
        self.hurry != Hurry::Never
    }

    fn weight(&self) -> usize {
        4096
    }
}

/// Moves every webhook to the end of the history, after a restore.
pub struct SkipToEnd;

impl Write for SkipToEnd {
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        use delivery::Column as D;
        let last = last_position(tx).await?;
        // The endpoints may have got these after the backup was made.
        delivery::Entity::update_many()
            .col_expr(D::State, Expr::val(DeliveryState::Failed))
            .col_expr(D::NextAt, Expr::val(None::<DateTime<Utc>>))
            .col_expr(
                D::Error,
                Expr::val("The database was restored from a backup before this was sent."),
            )
            .filter(D::NextAt.is_not_null())
            .exec(tx)
            .await?;
        let moved = webhook::Entity::update_many()
            .col_expr(webhook::Column::Position, Expr::val(last))
            .col_expr(
                webhook::Column::FailingSince,
                Expr::val(None::<DateTime<Utc>>),
            )
            .exec(tx)
            .await?;
        Ok(moved.rows_affected)
    }

    fn is_large(&self) -> bool {
        true
    }
}

/// Deletes a webhook with the deliveries that are left.
pub struct DeleteWebhook(pub String);

impl Write for DeleteWebhook {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        let gone = webhook::Entity::delete_by_id(&self.0).exec(tx).await?;
        if gone.rows_affected == 0 {
            return Err(Error::NotFound(Resource::Webhook));
        }
        Ok(())
    }

    fn is_large(&self) -> bool {
        true
    }
}

/// Reads and locks the row of a webhook.
pub(super) async fn locked(tx: &Tx, id: &str) -> Result<webhook::Model> {
    let row = webhook::Entity::find_by_id(id).lock(LockType::Update);
    let row = row.row(tx).await?;
    row.ok_or(Error::NotFound(Resource::Webhook))
}

/// Writes the columns that differ.
pub(super) async fn update(tx: &Tx, before: &webhook::Model, after: &webhook::Model) -> Result<()> {
    let mut row = before.clone().into_active_model();
    for column in webhook::Column::iter() {
        let value = after.get(column);
        if before.get(column) != value {
            row.set(column, value);
        }
    }
    if row.is_changed() {
        webhook::Entity::update(row).exec(tx).await?;
    }
    Ok(())
}

/// Makes the waiting deliveries of a webhook due at once. Those that have used all of their
/// attempts while the endpoint was away get a few more. With `since`, only those are meant that
/// first failed then or later.
pub(super) async fn hurry(
    tx: &Tx,
    webhook_id: &str,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    use delivery::Column as D;
    let attempt = CaseStatement::new()
        .case(
            Expr::col(D::Attempt).gte(ALL_ATTEMPTS),
            Expr::val(ATTEMPTS_AFTER_OUTAGE),
        )
        .finally(Expr::col(D::Attempt));
    let mut waiting = delivery::Entity::update_many()
        .col_expr(D::NextAt, Expr::val(now))
        .col_expr(D::Attempt, attempt.into())
        .filter(D::WebhookId.eq(webhook_id))
        .filter(D::State.eq(DeliveryState::Pending))
        .filter(D::NextAt.gt(now));
    waiting = match since {
        Some(since) => waiting.filter(D::FailingSince.gte(since)),
        // What failed before says nothing about the endpoint as it is now.
        None => waiting.col_expr(D::FailingSince, Expr::val(None::<DateTime<Utc>>)),
    };
    waiting.exec(tx).await?;
    Ok(())
}

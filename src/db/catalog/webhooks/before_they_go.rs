//! Deliveries of events that are about to be deleted with their jobs.

use super::{asked::asked_for, change::locked, plan::PlanDeliveries};
use crate::{
    db::{
        Readable, Tx,
        events::{follow::Follower, kept::hide_kept},
        rows::bulk,
    },
    error::{Error, Result},
};
use chrono::{DateTime, Utc};
use entity::{job_event, webhook};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

/// Events that are read at once.
const EVENTS: usize = 50;

/// Makes deliveries of the events of these jobs that webhooks have not read, because they could not
/// be made later. A replay or a planner that comes later finds them made.
pub(in crate::db) async fn plan_before_they_go(
    tx: &Tx,
    job_ids: &[&str],
    now: DateTime<Utc>,
) -> Result<()> {
    let webhooks = webhook::Entity::find().order_by_asc(webhook::Column::Id);
    for webhook in webhooks.rows(tx).await? {
        if unread(tx, &webhook, job_ids).await?.is_empty() {
            continue;
        }
        // Others may have moved the position meanwhile.
        let webhook = match locked(tx, &webhook.id).await {
            Ok(webhook) => webhook,
            Err(Error::NotFound(_)) => continue,
            Err(error) => return Err(error),
        };
        let positions = unread(tx, &webhook, job_ids).await?;
        let planner = PlanDeliveries::of(webhook, now);
        for positions in positions.chunks(EVENTS) {
            let events = job_event::Entity::find()
                .filter(job_event::Column::Id.is_in(positions.iter().copied()))
                .order_by_asc(job_event::Column::Id);
            let mut events = events.rows(tx).await?;
            events.iter_mut().for_each(hide_kept);
            planner.act(tx, &events).await?;
        }
    }
    Ok(())
}

/// Returns the positions of the events of these jobs that the webhook asks for and has not read.
async fn unread(tx: &Tx, webhook: &webhook::Model, job_ids: &[&str]) -> Result<Vec<i64>> {
    use job_event::Column as E;
    let of_jobs = bulk::is_one_of(tx.get_database_backend(), Expr::col(E::JobId), job_ids);
    let positions = job_event::Entity::find()
        .select_only()
        .column(E::Id)
        .filter(of_jobs)
        .filter(E::Id.gt(webhook.position))
        .filter(asked_for(webhook))
        .order_by_asc(E::Id)
        .into_tuple::<i64>();
    Ok(positions.rows(tx).await?)
}

//! Schedules that create no jobs although they should, and webhooks that are sent nothing.

use super::Inspector;
use crate::db::Readable;
use chrono::{DateTime, Utc};
use entity::{
    schedule,
    webhook::{self, WebhookState},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Ids of schedules that create no jobs.
#[derive(Clone, Debug, Default)]
pub struct ScheduleFacts {
    /// Those that no server has looked at since they were due.
    pub late: Vec<String>,
    /// Those whose last time got no job because of an error.
    pub failing: Vec<String>,
}

impl Inspector {
    /// Looks for schedules that were due before `due`, or whose last time failed.
    pub async fn schedules(&self, due: DateTime<Utc>) -> Result<ScheduleFacts, DbErr> {
        use schedule::Column as C;
        let ids = || {
            let ids = schedule::Entity::find().select_only().column(C::Id);
            ids.order_by_asc(C::Id)
        };
        let late = ids().filter(C::DueAt.lt(due)).into_tuple();
        let failing = ids()
            .filter(C::Error.is_not_null())
            .filter(C::PausedAt.is_null())
            .into_tuple();
        Ok(ScheduleFacts {
            late: late.rows(&self.conn).await?,
            failing: failing.rows(&self.conn).await?,
        })
    }

    /// Returns the ids of the webhooks that the server disabled.
    pub async fn disabled_webhooks(&self) -> Result<Vec<String>, DbErr> {
        use webhook::Column as C;
        let disabled = webhook::Entity::find()
            .select_only()
            .column(C::Id)
            .filter(C::State.eq(WebhookState::Disabled))
            .order_by_asc(C::Id)
            .into_tuple();
        disabled.rows(&self.conn).await
    }
}

//! Actions and their outcomes, as lists.

use crate::{
    db::{
        Database, IndexScan, Part, Readable, actions::scope::ActionScope, dialect, part,
        rows::keyset,
    },
    error::{Error, Resource, Result},
    lifecycle::{Cursor, KeyRange, Principal},
};
use chrono::{DateTime, Utc};
use entity::{
    job, job_action,
    job_action_outcome::{self, Outcome},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl Database {
    /// Returns the action with this id.
    ///
    /// Errors: `action_not_found`.
    pub async fn action(&self, id: &str) -> Result<job_action::Model> {
        job_action::Entity::find_by_id(id)
            .filter(visible(self.caller()))
            .row(self.read())
            .await?
            .ok_or(Error::NotFound(Resource::Action))
    }

    /// Returns whether a job was created later than this time.
    pub async fn has_job_created_after(&self, time: DateTime<Utc>) -> Result<bool> {
        use job::Column as C;
        let newest = job::Entity::find()
            .select_only()
            .column(C::CreatedAt)
            .order_by_desc(C::CreatedAt)
            .order_by_desc(C::Id)
            .limit(1)
            .into_tuple::<DateTime<Utc>>();
        let newest = newest.row(self.read()).await?;
        Ok(newest.is_some_and(|newest| newest > time))
    }

    /// Returns the running actions, oldest first.
    pub async fn running_actions(&self) -> Result<Vec<job_action::Model>> {
        Ok(job_action::Entity::find()
            .filter(dialect::is_running())
            .order_by_asc(job_action::Column::CreatedAt)
            .rows(self.read())
            .await?)
    }

    /// Returns the actions behind the cursor, newest first: at most `limit`, fewer if they are
    /// large.
    pub async fn actions(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Part<job_action::Model>> {
        use job_action::Column as C;
        let all = job_action::Entity::find().filter(visible(self.caller()));
        let query = keyset::newest_first(all, C::CreatedAt, C::Id, after);
        let long = [C::Filter, C::FilterText, C::Error];
        Ok(part(query, limit, &long, self.read()).await?)
    }

    /// Returns the outcomes of an action behind the outcome with the id `after`, in the order of
    /// processing: at most `limit`, fewer if they are large.
    pub async fn action_outcomes(
        &self,
        id: &str,
        outcome: Option<Outcome>,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Part<job_action_outcome::Model>> {
        use job_action_outcome::Column as C;
        let only = Condition::all()
            .add(C::ActionId.eq(id))
            .add_option(outcome.map(|outcome| C::Outcome.eq(outcome)))
            .add_option(after.map(|after| C::Id.gt(after)));
        let rows = job_action_outcome::Entity::find()
            .filter(only)
            .order_by_asc(C::Id);
        Ok(part(rows, limit, &[C::JobId, C::Detail], self.read()).await?)
    }

    /// Returns ids and times of creation of the jobs in the range that match both the filter of the
    /// path and the scope, in the order of the path: at most `limit`.
    pub async fn jobs_of_action(
        &self,
        path: &IndexScan,
        part: &KeyRange,
        scope: &ActionScope,
        limit: u64,
    ) -> Result<Vec<(String, DateTime<Utc>)>> {
        let db = self.read();
        let keys = job::Entity::find().select_only();
        let page = path
            .in_order(keys, db.get_database_backend(), part)
            .columns([job::Column::Id, job::Column::CreatedAt])
            .filter(scope.condition())
            .limit(limit);
        Ok(page.into_tuple().rows(db).await?)
    }
}

/// Returns the condition on actions that there are for the caller: those of its own binding, or all
/// if it is bound to nothing.
pub(in crate::db) fn visible(caller: Option<&Principal>) -> Condition {
    let text = caller.and_then(|caller| caller.binding.text());
    Condition::all().add_option(text.map(|text| job_action::Column::Binding.eq(text)))
}

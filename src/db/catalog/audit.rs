//! The audit: calls that changed something, or tried to.

use crate::{
    db::{Database, Part, Tx, Write, part, rows::keyset},
    error::Result,
    lifecycle::Cursor,
};
use chrono::{DateTime, Utc};
use entity::audit::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};

/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 500;

/// Stores calls. Keeps a row that exists: the writer tries again when it does not know whether an
/// earlier try was committed.
pub struct InsertAudit(pub Vec<Model>);

impl Write for InsertAudit {
    type Output = ();

    async fn apply(&self, tx: &Tx) -> Result<()> {
        for rows in self.0.chunks(ROWS_PER_STATEMENT) {
            let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
            Entity::insert_many::<ActiveModel, _>(rows)
                .on_conflict_do_nothing()
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }

    fn weight(&self) -> usize {
        self.0.len() * size_of::<Model>()
    }
}

/// Stores the call that a transaction belongs to: both are committed, or neither.
pub async fn insert(tx: &Tx, row: &Model) -> Result<()> {
    Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Deletes calls before a time, at most as many in a transaction. Returns the number.
pub struct PruneAudit {
    pub before: DateTime<Utc>,
    pub at_most: u64,
}

impl Write for PruneAudit {
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        let old = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::At.lt(self.before))
            .limit(self.at_most)
            .into_query();
        let deleted = Entity::delete_many()
            .filter(Expr::col(Column::Id).in_subquery(old))
            .exec(tx)
            .await?;
        Ok(deleted.rows_affected)
    }
}

/// Selects audited calls.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub key_id: Option<String>,
    pub operation: Option<String>,
    /// Earliest time of the calls.
    pub since: Option<DateTime<Utc>>,
}

impl Database {
    /// Returns the calls behind the cursor, newest first: at most `limit`.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Part<Model>> {
        let only = Condition::all()
            .add_option(filter.key_id.as_ref().map(|id| Column::KeyId.eq(id)))
            .add_option(filter.operation.as_ref().map(|id| Column::Operation.eq(id)))
            .add_option(filter.since.map(|since| Column::At.gte(since)));
        let query = keyset::newest_first(Entity::find(), Column::At, Column::Id, after);
        Ok(part(query.filter(only), limit, &[], self.read()).await?)
    }
}

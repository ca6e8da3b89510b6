//! Preview of a change of the schema: the tables that it would drop.

use super::{
    Change, back,
    migrate_error::MigrateError,
    refuse_newer,
    status::{existing_tables, guard, newer_step_of},
};
use crate::db::{Database, dialect};
use sea_orm::{
    ConnectionTrait, TransactionTrait,
    sea_query::{Asterisk, Expr, ExprTrait, Query},
};

/// Table that a change would drop.
pub struct Doomed {
    pub table: String,
    pub rows: i64,
}

/// Returns the tables that the change would drop, found by making the change and rolling it back.
#[allow(clippy::disallowed_methods, reason = "as in `migrate`")]
pub async fn preview(db: &Database, change: Change) -> Result<Vec<Doomed>, MigrateError> {
    let tx = db
        .direct()
        .without_timeout()
        .begin_with_options(dialect::write_transaction())
        .await?;
    dialect::lock_schema(&tx).await?;
    guard(&tx).await?;
    refuse_newer(newer_step_of(&tx).await?, change)?;
    let mut doomed = Vec::new();
    for table in existing_tables(&tx).await? {
        let rows = Query::select()
            .expr(Expr::col(Asterisk).count())
            .from(table)
            .to_owned();
        let row = tx.query_one(&rows).await?;
        let rows = row
            .map(|r| r.try_get_by_index::<i64>(0))
            .transpose()?
            .unwrap_or(0);
        doomed.push(Doomed {
            table: table.to_owned(),
            rows,
        });
    }
    back(&tx, change).await?;
    let kept = existing_tables(&tx).await?;
    tx.rollback().await?;
    doomed.retain(|d| !kept.contains(&d.table.as_str()));
    Ok(doomed)
}

//! Tokens of the programs of claimed jobs.

use crate::{
    db::{Database, Readable, Tx, Write, jobs::claim::claim_jobs::Claimed, rows::bulk},
    error::Result,
};
use chrono::{DateTime, Utc};
use entity::{
    job,
    job_token::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    QueryTrait,
    sea_query::{Expr, ExprTrait, Query},
};

/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 500;

/// Makes a token: its text, and the hash to store.
pub type NewJobToken = fn() -> Result<(String, String)>;

/// Gives each claimed job a token, in place of that of an earlier lease.
pub async fn give_tokens(
    tx: &Tx,
    claimed: &mut [Claimed],
    new: NewJobToken,
    now: DateTime<Utc>,
) -> Result<()> {
    for claimed in claimed.chunks_mut(ROWS_PER_STATEMENT) {
        let mut rows: Vec<ActiveModel> = Vec::new();
        for one in claimed.iter_mut() {
            let (text, hash) = new()?;
            let row = Model {
                job_id: one.job.id.clone(),
                lease_token: one.job.lease_token.clone().unwrap_or_default(),
                hash,
                created_at: now,
            };
            one.job_token = Some(text);
            rows.push(row.into_active_model());
        }
        let ids: Vec<&str> = claimed.iter().map(|one| one.job.id.as_str()).collect();
        let column = Expr::col(Column::JobId);
        Entity::delete_many()
            .filter(bulk::is_one_of(tx.get_database_backend(), column, &ids))
            .exec(tx)
            .await?;
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Deletes tokens whose leases have ended, at most as many in a transaction. Returns the number.
pub struct PruneJobTokens {
    pub at_most: u64,
}

impl Write for PruneJobTokens {
    type Output = u64;

    async fn apply(&self, tx: &Tx) -> Result<u64> {
        let held = Query::select()
            .expr(Expr::val(1))
            .from(job::Entity)
            .and_where(same(
                (job::Entity, job::Column::Id),
                (Entity, Column::JobId),
            ))
            .and_where(same(
                (job::Entity, job::Column::LeaseToken),
                (Entity, Column::LeaseToken),
            ))
            .to_owned();
        let ended = Entity::find()
            .select_only()
            .column(Column::JobId)
            .filter(Expr::exists(held).not())
            .limit(self.at_most)
            .into_query();
        let deleted = Entity::delete_many()
            .filter(Expr::col(Column::JobId).in_subquery(ended))
            .exec(tx)
            .await?;
        Ok(deleted.rows_affected)
    }
}

fn same(one: (job::Entity, job::Column), other: (Entity, Column)) -> Expr {
    Expr::col(one).eq(Expr::col(other))
}

impl Database {
    /// Returns the token of the lease that the job's token with this hash belongs to; `None` if the
    /// job has another token, or its lease has ended.
    pub async fn lease_of_token(&self, job_id: &str, hash: &str) -> Result<Option<String>> {
        let given = Entity::find_by_id(job_id).filter(Column::Hash.eq(hash));
        let Some(row) = given.row(self.read()).await? else {
            return Ok(None);
        };
        let held = job::Entity::find_by_id(job_id)
            .select_only()
            .column(job::Column::Id)
            .filter(job::Column::LeaseToken.eq(&row.lease_token))
            .into_tuple::<String>();
        let held = held.row(self.read()).await?;
        Ok(held.map(|_| row.lease_token))
    }
}

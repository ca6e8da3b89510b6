//! Statements through a pooler in transaction mode, such as PgBouncer: from one transaction to the
//! next, a connection leads to other servers of PostgreSQL.
//!
//! Each statement runs in a transaction, because it is sent in two parts, which have to reach one
//! server. Settings hold for that transaction alone. The driver names each statement that it
//! prepares, and other clients of the pooler use the same names, so a transaction first forgets the
//! names that its server knows.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult, QueryResult,
    Statement, TransactionOptions, TransactionTrait,
};

/// Settings of a transaction; those of a connection are in [`crate::db::connection::postgres`].
const SETTINGS: &str = "DEALLOCATE ALL; SET LOCAL synchronous_commit = on; \
    SET LOCAL lock_timeout = '5s'; SET LOCAL jit = off";

/// Pool whose connections lead through a pooler in transaction mode.
#[derive(Clone)]
pub struct Pooled(DatabaseConnection);

impl Pooled {
    pub fn new(pool: &DatabaseConnection) -> Self {
        Self(pool.clone())
    }

    /// Begins a transaction with its settings.
    #[allow(
        clippy::disallowed_methods,
        reason = "the options follow as a statement that is not prepared"
    )]
    pub async fn begin(&self, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
        let mut settings = Vec::new();
        if let Some(level) = options.isolation_level {
            settings.push(format!("ISOLATION LEVEL {level}"));
        }
        if let Some(mode) = options.access_mode {
            settings.push(mode.to_string());
        }
        let first = if settings.is_empty() {
            String::new()
        } else {
            format!("SET TRANSACTION {}; ", settings.join(" "))
        };
        let tx = self
            .0
            .begin_with_options(TransactionOptions::default())
            .await?;
        tx.execute_unprepared(&format!("{first}{SETTINGS}")).await?;
        Ok(tx)
    }

    pub async fn execute(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let tx = self.begin(TransactionOptions::default()).await?;
        let done = tx.execute_raw(statement).await?;
        tx.commit().await.map(|()| done)
    }

    pub async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let tx = self.begin(TransactionOptions::default()).await?;
        let done = tx.execute_unprepared(sql).await?;
        tx.commit().await.map(|()| done)
    }

    pub async fn query_one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let tx = self.begin(TransactionOptions::default()).await?;
        let row = tx.query_one_raw(statement).await?;
        tx.commit().await.map(|()| row)
    }

    pub async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let tx = self.begin(TransactionOptions::default()).await?;
        let rows = tx.query_all_raw(statement).await?;
        tx.commit().await.map(|()| rows)
    }
}

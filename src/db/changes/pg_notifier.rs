//! Commit notices between the processes of one PostgreSQL database, by NOTIFY and LISTEN.
//!
//! NOTIFY is never part of a write, because PostgreSQL serializes the commits of transactions that
//! notify.

use crate::db::Reader;
use sea_orm::{ConnectionTrait, Statement};
use sqlx::postgres::PgListener;
use std::sync::Arc;

const CHANNEL: &str = "callsheet_news";

/// Carrier of messages by NOTIFY and LISTEN.
#[derive(Clone)]
pub struct PgNotifier {
    pub conn: Reader,
    /// URL for the connection that listens.
    pub url: Arc<str>,
}

impl PgNotifier {
    /// Sends a message of less than 8,000 bytes to the processes that listen.
    ///
    /// Errors: a sentence of the database.
    pub async fn notify(&self, message: &str) -> Result<(), String> {
        let sql = format!("SELECT pg_notify('{CHANNEL}', $1)");
        let backend = self.conn.get_database_backend();
        let notify = Statement::from_sql_and_values(backend, sql, [message.into()]);
        let sent = self.conn.execute_raw(notify).await;
        sent.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Hands on the messages of all processes, beginning with `None` when it listens. Returns when
    /// the connection is lost.
    ///
    /// Errors: a sentence of the database.
    pub async fn receive(&self, hear: impl Fn(Option<&str>)) -> Result<(), String> {
        let listened = async {
            let mut listener = PgListener::connect(&self.url).await?;
            listener.listen(CHANNEL).await?;
            hear(None);
            while let Some(notification) = listener.try_recv().await? {
                hear(Some(notification.payload()));
            }
            Ok::<_, sqlx::Error>(())
        };
        listened.await.map_err(|error| error.to_string())
    }
}

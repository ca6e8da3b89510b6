//! Commit notices by publish and subscribe of Redis, for a PostgreSQL whose own notifications
//! cannot be had.

use super::{RedisTier, link::PATIENT, link::sentence};
use futures_util::StreamExt;
use tokio::time::timeout;

impl RedisTier {
    /// Publishes a message to the servers of this database.
    ///
    /// Errors: Redis is away, or does not answer within a second.
    pub async fn publish(&self, message: &str) -> Result<(), String> {
        self.link.is_probed().await;
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(&*self.channel).arg(message);
        self.link
            .call(PATIENT, |mut conn| async move {
                publish.query_async::<i64>(&mut conn).await
            })
            .await
            .map(|_| ())
            .ok_or_else(|| "Redis is away".to_owned())
    }

    /// Hands on the messages of all servers of this database, beginning with `None` when it is
    /// subscribed. Returns when the connection is lost, and when Redis came back, since messages
    /// may be missing.
    ///
    /// Errors: a sentence.
    pub async fn receive(&self, hear: impl Fn(Option<&str>)) -> Result<(), String> {
        // The first connection is no return.
        self.link.is_probed().await;
        let mut returns = self.link.returns();
        let subscribe = async {
            let mut subscription = self.link.client().get_async_pubsub().await?;
            subscription.subscribe(&*self.channel).await?;
            Ok(subscription)
        };
        let mut subscription = match timeout(PATIENT, subscribe).await {
            Ok(subscription) => subscription.map_err(|error| sentence(&error))?,
            Err(_) => return Err("Redis does not answer a new connection".to_owned()),
        };
        hear(None);
        let mut messages = subscription.on_message();
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => {
                        let text: String = message.get_payload().unwrap_or_default();
                        hear(Some(&text));
                    }
                    None => return Ok(()),
                },
                _ = returns.changed() => return Ok(()),
            }
        }
    }
}

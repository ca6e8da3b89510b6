//! Commit notices between the processes of one database. A task sends them after the commit, at
//! most once in [`MIN_INTERVAL`], by the carrier that is configured.

use crate::{
    db::changes::{
        change_bus::{ChangeBus, CommitNotice, JobChanged},
        pg_notifier::PgNotifier,
        redis_tier::RedisTier,
    },
    tasks::for_ever,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Minimum time between two notifications.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// Maximum jobs named in one notification, whose payload has to stay below 8,000 bytes. If more
/// jobs changed, it says only that any job may have.
const MAX_NAMED_JOBS: usize = 32;

/// Delay before the notifier listens again after an error.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
struct Message {
    /// Sender of the notice; a process ignores its own.
    from: Arc<str>,
    notice: CommitNotice,
}

/// Carrier of messages between the processes of a database.
#[derive(Clone)]
pub enum Carrier {
    Postgres(PgNotifier),
    Redis(RedisTier),
}

/// Sends the commit notices of this process, and receives those of others.
#[derive(Clone)]
pub struct Notifier {
    carrier: Carrier,
    me: Arc<str>,
    waiting: Arc<Mutex<Outbox>>,
    woken: Arc<Notify>,
}

/// Latest unsent change of each job.
#[derive(Default)]
struct Outbox {
    jobs: HashMap<String, JobChanged>,
    more: bool,
    keys: bool,
}

impl Notifier {
    /// Starts the task that sends.
    pub fn start(carrier: Carrier) -> Self {
        let me = uuid::Uuid::now_v7().to_string().into();
        let notifier = Self {
            carrier,
            me,
            waiting: Arc::default(),
            woken: Arc::default(),
        };
        let sender = notifier.clone();
        tokio::spawn(for_ever("send", move || sender.clone().send()));
        notifier
    }

    /// Queues the notice for sending, and returns at once.
    pub fn enqueue(&self, notice: &CommitNotice) {
        let mut waiting = self.outbox();
        waiting.keys |= notice.keys;
        waiting.more |= notice.more || waiting.jobs.len() + notice.jobs.len() > MAX_NAMED_JOBS;
        if waiting.more {
            waiting.jobs.clear();
        } else {
            waiting.jobs.extend(
                notice
                    .jobs
                    .iter()
                    .map(|news| (news.job_id.clone(), news.clone())),
            );
        }
        drop(waiting);
        self.woken.notify_one();
    }

    /// Sends the queued notices. After a failure, the next call sends that any job may have
    /// changed.
    ///
    /// Errors: a sentence.
    pub async fn flush(&self) -> Result<(), String> {
        let Outbox { jobs, more, keys } = std::mem::take(&mut *self.outbox());
        let notice = CommitNotice {
            jobs: jobs.into_values().collect(),
            more,
            keys,
            ..CommitNotice::default()
        };
        if notice.is_empty() {
            return Ok(());
        }
        let message = Message {
            from: self.me.clone(),
            notice,
        };
        let text = serde_json::to_string(&message).map_err(|error| error.to_string())?;
        let sent = match &self.carrier {
            Carrier::Postgres(postgres) => postgres.notify(&text).await,
            Carrier::Redis(redis) => redis.publish(&text).await,
        };
        if sent.is_err() {
            let mut waiting = self.outbox();
            waiting.more = true;
            waiting.keys |= keys;
        }
        sent
    }

    async fn send(self) {
        loop {
            self.woken.notified().await;
            if let Err(error) = self.flush().await {
                tracing::debug!(%error, "could not notify other servers of changes: they notice \
                    at their next poll; trying again in 1 s");
                tokio::time::sleep(RECONNECT_DELAY).await;
                self.woken.notify_one();
            }
            tokio::time::sleep(MIN_INTERVAL).await;
        }
    }

    /// Publishes the commits of other processes to this process's subscribers for as long as it is
    /// polled. After each connect it publishes that any job may have changed, because notifications
    /// sent meanwhile are lost.
    pub async fn listen(self, bus: ChangeBus) {
        loop {
            let hear = |message: Option<&str>| self.take(message, &bus);
            let heard = match &self.carrier {
                Carrier::Postgres(postgres) => postgres.receive(hear).await,
                Carrier::Redis(redis) => redis.receive(hear).await,
            };
            if let Err(error) = heard {
                tracing::debug!(%error, "lost the notifications of other servers: reconnecting in \
                    1 s");
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    /// Publishes the notice of a message; without one, that any job may have changed.
    fn take(&self, message: Option<&str>, bus: &ChangeBus) {
        match message.map(serde_json::from_str::<Message>) {
            Some(Ok(message)) if message.from == self.me => {}
            Some(Ok(message)) => bus.publish(Arc::new(message.notice)),
            Some(Err(_)) | None => bus.publish(Arc::new(CommitNotice::of_any())),
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

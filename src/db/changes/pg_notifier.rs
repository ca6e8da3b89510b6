//! Commit notices between the processes of one PostgreSQL database, by NOTIFY and LISTEN.
//!
//! NOTIFY is never part of a write, because PostgreSQL serializes the commits of transactions that
//! notify. A separate task sends it after the commit, at most once in [`MIN_INTERVAL`].

use crate::{
    db::{
        Reader,
        changes::change_bus::{ChangeBus, CommitNotice, JobChanged},
    },
    tasks::for_ever,
};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgListener;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

const CHANNEL: &str = "callsheet_news";

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

/// Sends the commit notices of this process, and receives those of others.
#[derive(Clone)]
pub struct PgNotifier {
    conn: Reader,
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

impl PgNotifier {
    /// Starts the task that sends.
    pub fn start(conn: Reader) -> Self {
        let me = uuid::Uuid::now_v7().to_string().into();
        let notifier = Self {
            conn,
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
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Sends the queued notices.
    pub async fn flush(&self) -> Result<(), DbErr> {
        let Outbox { jobs, more, keys } =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
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
        let text =
            serde_json::to_string(&message).map_err(|error| DbErr::Custom(error.to_string()))?;
        let sql = format!("SELECT pg_notify('{CHANNEL}', $1)");
        let notify =
            Statement::from_sql_and_values(self.conn.get_database_backend(), sql, [text.into()]);
        self.conn.execute_raw(notify).await.map(|_| ())
    }

    async fn send(self) {
        loop {
            self.woken.notified().await;
            if let Err(error) = self.flush().await {
                tracing::debug!(%error, "could not notify other servers of changes: they notice \
                    at their next poll");
            }
            tokio::time::sleep(MIN_INTERVAL).await;
        }
    }

    /// Publishes the commits of other processes to this process's subscribers for as long as it is
    /// polled. After each connect it publishes that any job may have changed, because notifications
    /// sent meanwhile are lost.
    pub async fn listen(self, url: String, bus: ChangeBus) {
        loop {
            match self.hear(&url, &bus).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::debug!(%error, "lost the notifications of other servers: \
                        reconnecting in 1 s")
                }
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    async fn hear(&self, url: &str, bus: &ChangeBus) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        bus.publish(Arc::new(CommitNotice::of_any()));
        while let Some(notification) = listener.try_recv().await? {
            match serde_json::from_str::<Message>(notification.payload()) {
                Ok(message) if message.from == self.me => {}
                Ok(message) => bus.publish(Arc::new(message.notice)),
                Err(_) => bus.publish(Arc::new(CommitNotice::of_any())),
            }
        }
        Ok(())
    }
}

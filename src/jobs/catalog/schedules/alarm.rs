//! When the next schedule is due, so that the loop need not look all the time.

use crate::jobs::JobManager;
use chrono::{DateTime, Utc};
use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

/// Time of the next schedule, as far as this server knows.
#[derive(Clone, Default)]
pub struct Alarm(Arc<State>);

#[derive(Default)]
struct State {
    due: Mutex<Option<DateTime<Utc>>>,
    changed: Notify,
}

impl Alarm {
    pub(super) fn set(&self, due: Option<DateTime<Utc>>) {
        *self.0.due.lock().unwrap_or_else(PoisonError::into_inner) = due;
    }

    /// Ends the waiting, since a schedule was created or changed on this server.
    pub(super) fn ring(&self) {
        self.0.changed.notify_one();
    }
}

impl JobManager {
    /// Returns when a schedule is due, or was changed on this server.
    pub async fn schedule_due(&self) {
        let alarm = &self.alarm.0;
        let due = *alarm.due.lock().unwrap_or_else(PoisonError::into_inner);
        let comes = async {
            match due {
                Some(due) => {
                    let wait = (due - self.now()).to_std().unwrap_or_default();
                    tokio::time::sleep(wait).await;
                }
                None => pending().await,
            }
        };
        tokio::select! {
            () = comes => {}
            () = alarm.changed.notified() => {}
        }
    }
}

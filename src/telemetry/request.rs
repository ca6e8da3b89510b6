//! Job and worker of a request, for its line of the log. The verbs note them; without a request, as
//! in the loops, a note goes nowhere.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static NOTES: Option<RequestNotes>;
}

/// Notes about one request.
#[derive(Clone, Debug, Default)]
pub struct RequestNotes(Arc<Mutex<Noted>>);

/// Job and worker of a request, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    pub job_id: Option<String>,
    pub worker_id: Option<String>,
}

impl RequestNotes {
    pub fn read(&self) -> Noted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a call whose notes are kept; `None` keeps none.
pub fn noting<F: Future>(
    notes: Option<RequestNotes>,
    call: F,
) -> TaskLocalFuture<Option<RequestNotes>, F> {
    NOTES.scope(notes, call)
}

/// Notes the job of the current request.
pub fn note_job(id: &str) {
    note(|noted| noted.job_id = Some(id.to_owned()));
}

/// Notes the worker of the current request.
pub fn note_worker(id: Option<&str>) {
    if let Some(id) = id {
        note(|noted| noted.worker_id = Some(id.to_owned()));
    }
}

fn note(change: impl FnOnce(&mut Noted)) {
    let _ = NOTES.try_with(|notes| {
        if let Some(notes) = notes {
            change(&mut notes.lock());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_notes_of_a_call_are_its_own() {
        note_job("before");
        let notes = RequestNotes::default();
        let call = async {
            note_job("a");
            note_worker(Some("w"));
            note_worker(None);
        };
        noting(Some(notes.clone()), call).await;
        noting(None, async { note_job("b") }).await;
        let noted = notes.read();
        assert_eq!(noted.job_id.as_deref(), Some("a"));
        assert_eq!(noted.worker_id.as_deref(), Some("w"));
    }
}

//! What the answers of one job's calls promise, and what the database is to hold for it.

use crate::support::Whole;
use callsheet::error::{Error, Result};
use sea_orm::ConnectionTrait;

/// How a call ended, for the one who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Answered,
    /// Nothing of it may be there.
    Refused,
    /// There was no answer: it is there as a whole, or not at all.
    Unknown,
}

impl Ending {
    /// `doubtful`: an answer of the database to a commit was lost while the call ran.
    pub fn of<T>(outcome: &Result<T>, doubtful: bool) -> Self {
        match outcome {
            Ok(_) => Ending::Answered,
            // After a commit whose answer was lost all of its writes fail with one of these.
            Err(Error::Unavailable(_) | Error::Database(_)) if doubtful => Ending::Unknown,
            Err(_) => Ending::Refused,
        }
    }
}

/// One job, whose calls come one after the other.
#[derive(Debug)]
pub struct Account {
    pub id: String,
    /// Versions that were answered, and how many more there may be.
    versions: i64,
    maybe: i64,
    /// What was answered last, if nothing came to be unknown since.
    version: Option<i64>,
    deleted: Option<Ending>,
}

impl Account {
    pub fn new(id: String) -> Self {
        Self {
            id,
            versions: 0,
            maybe: 0,
            version: None,
            deleted: None,
        }
    }

    /// A call that makes one version when it is answered.
    pub fn changed(&mut self, ending: Ending, version: Option<i64>) {
        match ending {
            Ending::Answered => {
                self.versions += 1;
                self.version = version.or(self.version);
            }
            Ending::Unknown => {
                self.maybe += 1;
                self.version = None;
            }
            Ending::Refused => {}
        }
    }

    pub fn deleted(&mut self, ending: Ending) {
        if ending != Ending::Refused && self.deleted != Some(Ending::Answered) {
            self.deleted = Some(ending);
        }
    }

    /// The job is for further calls.
    pub fn is_open(&self) -> bool {
        self.deleted.is_none() && self.maybe < 3
    }

    /// Compares with what the database holds.
    pub async fn verify(&self, db: &impl ConnectionTrait) {
        let whole = Whole::of(db, &self.id).await;
        let Some(job) = &whole.job else {
            assert!(
                self.deleted.is_some() || self.versions == 0,
                "{} is lost, of which {} calls were answered",
                self.id,
                self.versions
            );
            // A deletion is the one event that outlives its job.
            let left: &[&str] = if self.versions > 0 { &["deleted"] } else { &[] };
            assert!(
                whole.items.is_empty() && whole.kinds() == left || self.maybe > 0,
                "{} is half there",
                self.id
            );
            return;
        };
        assert_ne!(
            self.deleted,
            Some(Ending::Answered),
            "{} came back",
            self.id
        );
        whole.assert_history_is_whole();
        let possible = self.versions..=self.versions + self.maybe;
        assert!(
            possible.contains(&job.version),
            "{} is at version {}: of its calls {} were answered and {} are unknown; {:?}",
            self.id,
            job.version,
            self.versions,
            self.maybe,
            whole.kinds()
        );
        if let Some(version) = self.version {
            assert_eq!(job.version, version, "{}", self.id);
        }
    }
}

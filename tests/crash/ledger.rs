//! What a client was answered, to be held against the database afterwards.

use serde_json::Value;

#[derive(Default)]
pub struct Ledger {
    pub created: Vec<Created>,
    pub seen: Vec<Seen>,
    /// Answers that changed nothing: the job was in another status.
    pub refused: usize,
    /// Requests whose connection broke before the answer: nobody knows whether they were carried out.
    pub unanswered: usize,
    /// Creates that were answered only after an attempt that was not.
    pub repeated: usize,
}

/// An answered create, with the body that was sent.
pub struct Created {
    pub id: String,
    pub body: Value,
}

/// A job as a changing call answered it.
pub struct Seen {
    pub id: String,
    pub version: i64,
    pub state: State,
}

/// What an event tells too.
#[derive(Debug, PartialEq)]
pub struct State {
    pub status: String,
    pub progress: f64,
    pub current_stage: Option<String>,
    pub total_shots: i64,
    pub completed_shots: i64,
}

impl Seen {
    pub fn of(job: &Value) -> Self {
        let text = |name: &str| job[name].as_str().map(str::to_owned);
        let number = |name: &str| job[name].as_i64().expect(name);
        let state = State {
            status: text("status").unwrap(),
            progress: job["progress"].as_f64().unwrap(),
            current_stage: text("current_stage"),
            total_shots: number("total_shots"),
            completed_shots: number("completed_shots"),
        };
        Self { id: text("job_id").unwrap(), version: number("version"), state }
    }
}

impl Ledger {
    pub fn writes(&self) -> usize {
        self.created.len() + self.seen.len()
    }

    /// One ledger of several clients.
    pub fn together(ledgers: Vec<Ledger>) -> Self {
        ledgers.into_iter().fold(Self::default(), |mut all, one| {
            all.created.extend(one.created);
            all.seen.extend(one.seen);
            all.refused += one.refused;
            all.unanswered += one.unanswered;
            all.repeated += one.repeated;
            all
        })
    }
}

//! Faults drawn by a seed, for the steps of write transactions.

use crate::support::Backend;
use callsheet::db::{Fault, Faults, Step};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::{DatabaseError, ErrorKind};
use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Decides what goes wrong, and counts it.
#[derive(Clone)]
pub struct Injector(Arc<State>);

struct State {
    backend: Backend,
    rng: Mutex<fastrand::Rng>,
    active: AtomicBool,
    injected: AtomicUsize,
    /// Commits that were made, and whose callers were not answered.
    doubts: AtomicUsize,
}

impl Injector {
    pub fn new(backend: Backend, seed: u64) -> Self {
        Self(Arc::new(State {
            backend,
            rng: Mutex::new(fastrand::Rng::with_seed(seed)),
            active: AtomicBool::new(false),
            injected: AtomicUsize::new(0),
            doubts: AtomicUsize::new(0),
        }))
    }

    pub fn faults(&self) -> Faults {
        let state = self.0.clone();
        Faults(Arc::new(move |step| state.draw(step)))
    }

    pub fn set_active(&self, active: bool) {
        self.0.active.store(active, Ordering::SeqCst);
    }

    pub fn injected(&self) -> usize {
        self.0.injected.load(Ordering::SeqCst)
    }

    /// How many commits were made so far of which nobody was told.
    pub fn doubts(&self) -> usize {
        self.0.doubts.load(Ordering::SeqCst)
    }
}

impl State {
    fn draw(&self, step: Step<'_>) -> Option<Fault> {
        let mut rng = self.rng.lock().unwrap();
        let odds = match step {
            Step::Statement(_) => 40,
            Step::Begin | Step::Commit => 8,
            Step::Rollback => 4,
        };
        if !self.active.load(Ordering::SeqCst) || rng.u32(..odds) > 0 {
            return None;
        }
        self.injected.fetch_add(1, Ordering::SeqCst);
        let kind = rng.u32(..20);
        let error = self.error(&mut rng);
        drop(rng);
        match kind {
            // Past the panic hook, which would fill the output.
            0 => std::panic::resume_unwind(Box::new("an injected panic")),
            1..=6 => {
                if step == Step::Commit {
                    self.doubts.fetch_add(1, Ordering::SeqCst);
                }
                Some(Fault::After(lost()))
            }
            7..=12 if self.backend == Backend::Sqlite => Some(Fault::Instead("ROLLBACK", error)),
            7 if self.backend == Backend::Postgres => Some(Fault::Instead(
                "SELECT pg_terminate_backend(pg_backend_pid())",
                lost(),
            )),
            _ => Some(Fault::Before(error)),
        }
    }

    /// SQLite: busy, no memory, interrupted, I/O, full. PostgreSQL: serialization, deadlock, disk
    /// full, too many connections, row held, statement cancelled.
    fn error(&self, rng: &mut fastrand::Rng) -> DbErr {
        let code = match self.backend {
            Backend::Sqlite => rng.choice(["5", "7", "9", "10", "13", "4874"]),
            Backend::Postgres => rng.choice(["40001", "40P01", "53100", "53300", "55P03", "57014"]),
        };
        let error = sqlx::Error::Database(Box::new(Injected(code.unwrap_or("13"))));
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
    }
}

/// No answer came.
fn lost() -> DbErr {
    let error = std::io::Error::new(
        std::io::ErrorKind::ConnectionReset,
        "injected: the answer was lost",
    );
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Io(error))))
}

/// An error of the database with this code.
#[derive(Debug)]
struct Injected(&'static str);

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "injected error {}", self.0)
    }
}

impl std::error::Error for Injected {}

impl DatabaseError for Injected {
    fn message(&self) -> &str {
        "injected"
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.0.into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

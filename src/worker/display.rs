//! Progress output of a worker. Standard output reports the start and the end of each job. Standard
//! error shows a progress bar per running job if it is a terminal; otherwise it gets a line when a
//! stage begins, and at most one every ten seconds within a stage.

use super::screen::{Bar, Stream, Terminal};
use crate::printable::printable;
use callsheet_client::lease::{Claim, EndedJob, Notices, Outcome, Report};
use indicatif::HumanDuration;
use std::{
    collections::HashSet,
    fmt::Display as Show,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Minimum time between two plain lines about the same stage of a job.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Display {
    screen: Terminal,
    /// Time of the last failed call; `None` while the server answers.
    away: Arc<Mutex<Option<Instant>>>,
}

impl Display {
    pub fn new() -> Self {
        Self {
            screen: Terminal::start(),
            away: Arc::default(),
        }
    }

    /// Writes a line to standard output. Never blocks.
    pub fn say(&self, line: impl Show) {
        self.screen
            .line(Stream::Out, printable(&line.to_string()).into_owned());
    }

    /// Writes a line to standard error. Never blocks.
    pub fn note(&self, line: impl Show) {
        self.screen
            .line(Stream::Err, printable(&line.to_string()).into_owned());
    }

    /// Waits up to one second for the last lines to be written.
    pub async fn end(&self) {
        self.screen.end().await;
    }

    pub fn begin(&self, claim: &Claim) -> JobDisplay {
        let (attempt, most) = (claim.number("attempt"), claim.number("max_attempts"));
        let (id, title) = (
            printable(&claim.id).into_owned(),
            printable(&claim.text("project_title")).into_owned(),
        );
        let about = if title.is_empty() {
            String::new()
        } else {
            format!(": {title}")
        };
        self.say(format_args!(
            "{id} started, attempt {attempt} of {most}{about}"
        ));
        let done = claim
            .items
            .iter()
            .filter(|item| is_done(item["status"].as_str().unwrap_or_default()));
        let mut shown = JobProgress {
            total: claim.number("total_shots").unsigned_abs() as usize,
            done: done
                .filter_map(|item| item["key"].as_str())
                .map(str::to_owned)
                .collect(),
            progress: 0.0,
            stage: String::new(),
            line: Instant::now(),
        };
        shown.count();
        let began = Instant::now();
        let bar = Bar {
            id: id.clone(),
            began,
            progress: shown.progress,
            stage: String::new(),
        };
        let bar = self.screen.add_bar(bar);
        JobDisplay {
            display: self.clone(),
            id,
            bar,
            began,
            shown: Mutex::new(shown),
        }
    }
}

impl Notices for Display {
    /// Reports an unreachable server, once until [`Notices::back`] is called.
    fn away(&self, why: &str) {
        if locked(&self.away).replace(Instant::now()).is_none() {
            self.note(format_args!(
                "the server is away ({}); trying again until it is back",
                printable(why)
            ));
        }
    }

    fn back(&self) {
        if locked(&self.away).take().is_some() {
            self.note("the server is back");
        }
    }

    fn note(&self, text: &str) {
        Display::note(self, text);
    }
}

/// Display state of a running job.
pub struct JobDisplay {
    display: Display,
    id: String,
    /// Number of the progress bar; `None` if standard error is not a terminal.
    bar: Option<u64>,
    began: Instant,
    shown: Mutex<JobProgress>,
}

struct JobProgress {
    total: usize,
    /// Keys of the items that are completed or skipped.
    done: HashSet<String>,
    progress: f64,
    stage: String,
    /// Time of the last plain line.
    line: Instant,
}

impl JobDisplay {
    pub fn show(&self, report: &Report) {
        let mut shown = locked(&self.shown);
        let stage_began = report
            .stage
            .as_ref()
            .is_some_and(|stage| *stage != shown.stage);
        shown.take(report);
        match self.bar {
            Some(bar) => {
                self.display
                    .screen
                    .change_bar(bar, shown.progress, &printable(&shown.stage))
            }
            None if stage_began || shown.line.elapsed() >= LINE_INTERVAL => {
                shown.line = Instant::now();
                self.note(&format!("{:.0} % {}", shown.progress, shown.stage));
            }
            None => {}
        }
    }

    pub fn note(&self, text: &str) {
        self.display
            .note(format_args!("{} {}", self.id, printable(text)));
    }

    /// Reports the outcome that the server accepted. `job` is the job from its response.
    pub fn ended(&self, outcome: &Outcome, job: &EndedJob) {
        let how = match outcome {
            Outcome::Completed(_) if job.status == "completed" => "completed".to_owned(),
            Outcome::Completed(_) => {
                "failed: the server did not find a file that the result names".to_owned()
            }
            Outcome::Released => "given back".to_owned(),
            Outcome::Cancelled => "cancelled".to_owned(),
            Outcome::Failed { error, .. } => {
                let again = if job.status == "queued" {
                    ", to be tried again"
                } else {
                    ""
                };
                let last = error
                    .lines()
                    .rfind(|line| !line.trim().is_empty() && !line.starts_with('('));
                format!("failed{again}: {}", printable(last.unwrap_or(error)))
            }
        };
        self.end(&how);
    }

    /// Reports that the worker drops the job, because the lease is lost or the outcome did not
    /// reach the server or was rejected.
    pub fn lost(&self, why: &str) {
        self.end(&format!("dropped: {}", printable(why)));
    }

    fn end(&self, how: &str) {
        if let Some(bar) = self.bar {
            self.display.screen.remove_bar(bar);
        }
        self.display.say(format_args!(
            "{} {how} ({})",
            self.id,
            HumanDuration(self.began.elapsed())
        ));
    }
}

impl JobProgress {
    fn take(&mut self, report: &Report) {
        if let Some(stage) = &report.stage {
            self.stage.clone_from(stage);
        }
        let done = report
            .item
            .as_ref()
            .filter(|item| item.status.is_done())
            .and_then(|item| item.key.clone());
        if report.total_shots.is_some() || done.is_some() {
            self.total = report
                .total_shots
                .map_or(self.total, |total| total as usize);
            self.done.extend(done);
            self.count();
        }
        self.progress = report.progress.unwrap_or(self.progress);
    }

    /// Computes the progress in percent from the number of finished items.
    fn count(&mut self) {
        self.progress =
            self.done.len() as f64 * 100.0 / self.total.max(self.done.len()).max(1) as f64;
    }
}

fn is_done(status: &str) -> bool {
    matches!(status, "completed" | "skipped")
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Progress of an import, or of a table of jobs: a bar with its rate and the time left if standard
//! error is a terminal, otherwise a plain line every ten seconds.

use super::out::{note, say};
use crate::import::Outcome;
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Time between two plain lines.
const LINE: Duration = Duration::from_secs(10);

/// Records between two updates of the display.
const STRIDE: u64 = 512;

pub struct Progress {
    shown: Shown,
    records: u64,
    bytes: u64,
    /// Total bytes of all sources; `None` if unknown before they are read.
    all: Option<u64>,
    began: Instant,
}

enum Shown {
    Not,
    Bar(ProgressBar),
    Lines { next: Duration },
}

impl Progress {
    pub fn begin(sources: &[PathBuf], quiet: bool) -> Self {
        let all = sources
            .iter()
            .try_fold(0, |sum, source| Some(sum + size(source)?));
        Self::of_bytes(all, quiet)
    }

    /// Begins with the total bytes of what will be read; `None` if they are unknown.
    pub fn of_bytes(all: Option<u64>, quiet: bool) -> Self {
        let shown = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Shown::Not,
            (false, true) => Shown::Bar(bar(all)),
            (false, false) => Shown::Lines { next: LINE },
        };
        Self {
            shown,
            records: 0,
            bytes: 0,
            all,
            began: Instant::now(),
        }
    }

    /// Prints a line on standard output without disturbing the bar.
    pub fn above(&self, line: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(|| drop(say(line))),
            _ => drop(say(line)),
        }
    }

    /// Prints a line on standard error without disturbing the bar.
    pub fn beside(&self, line: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(|| note(line)),
            _ => note(line),
        }
    }

    pub fn step(&mut self, outcome: &Outcome) {
        self.count(outcome.bytes);
    }

    /// Counts a record of this size.
    pub fn count(&mut self, bytes: u64) {
        self.records += 1;
        self.bytes += bytes;
        if !self.records.is_multiple_of(STRIDE) {
            return;
        }
        let passed = self.began.elapsed();
        match &mut self.shown {
            Shown::Not => {}
            Shown::Bar(bar) => {
                let left =
                    left(self.bytes, self.all, passed).map(|(_, left)| format!("  {left} left"));
                let so_far = format!(
                    "{} records, {}/s",
                    HumanCount(self.records),
                    rate(self.records, passed)
                );
                bar.set_message(so_far + &left.unwrap_or_default());
                bar.set_position(self.bytes);
            }
            Shown::Lines { next } if passed >= *next => {
                *next = passed + LINE;
                note(line(self.records, self.bytes, self.all, passed));
            }
            Shown::Lines { .. } => {}
        }
    }

    pub fn end(self) {
        if let Shown::Bar(bar) = self.shown {
            bar.finish_and_clear();
        }
    }
}

fn line(records: u64, bytes: u64, all: Option<u64>, passed: Duration) -> String {
    let so_far = format!("{records} records, {}/s", rate(records, passed));
    let Some((done, left)) = left(bytes, all, passed) else {
        return so_far;
    };
    format!(
        "{so_far}, {:.0} % of the sources, {left} left",
        done * 100.0
    )
}

/// Returns the finished part, 0.0 to 1.0, and the estimated time left; `None` if unknown.
fn left(bytes: u64, all: Option<u64>, passed: Duration) -> Option<(f64, HumanDuration)> {
    let all = all.filter(|all| *all > 0 && bytes > 0)?;
    let done = (bytes as f64 / all as f64).min(1.0);
    Some((done, HumanDuration(passed.mul_f64((1.0 - done) / done))))
}

fn rate(records: u64, passed: Duration) -> HumanCount {
    HumanCount((records as f64 / passed.as_secs_f64().max(0.001)) as u64)
}

fn bar(all: Option<u64>) -> ProgressBar {
    let (bar, form) = match all {
        Some(all) => (ProgressBar::new(all), "{bar:30} {percent} %  {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}"),
    };
    // An invalid template falls back to the default style.
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = bar.with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Returns the bytes of the records in a source; `None` for compressed files and databases, whose
/// size differs from that of their records.
fn size(source: &Path) -> Option<u64> {
    let metadata = source.metadata().ok()?;
    if metadata.is_dir() {
        return std::fs::read_dir(source).ok()?.try_fold(0, |sum, entry| {
            let entry = entry.ok()?;
            // A link may lead back to its own folder. The importer reads its target, but the
            // estimate leaves it out.
            let size = if entry.file_type().ok()?.is_symlink() {
                0
            } else {
                size(&entry.path())?
            };
            Some(sum + size)
        });
    }
    let packed = source.extension().is_some_and(|e| {
        ["gz", "zst", "db", "sqlite", "sqlite3"]
            .iter()
            .any(|p| e == *p)
    });
    (metadata.is_file() && !packed).then_some(metadata.len())
}

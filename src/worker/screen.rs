//! Standard output and standard error of a worker. On a terminal, a separate thread writes lines
//! above the progress bars, so that a stopped terminal does not block the worker, which has leases
//! to extend. Lines that do not fit into the buffer are dropped and counted.

use crate::lines;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::{BTreeMap, VecDeque},
    io::{IsTerminal, Write, stderr, stdout},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Maximum number of buffered lines.
const MAX_LINES: usize = 1000;

/// Time between two redraws of the progress bars.
const TICK: Duration = Duration::from_millis(200);

/// Maximum wait for the last lines when the worker ends.
const LAST_LINES: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

#[derive(Clone)]
pub struct Terminal {
    /// Writer thread; `None` if standard error is not a terminal.
    printer: Option<Arc<TerminalWriter>>,
    /// True if standard output is a terminal too, so that its lines go above the bars.
    shares: bool,
}

/// Progress of a running job, as its bar shows it.
#[derive(Clone)]
pub struct Bar {
    pub id: String,
    pub began: Instant,
    pub progress: f64,
    pub stage: String,
}

#[derive(Default)]
struct TerminalWriter {
    work: Mutex<WriterState>,
    changed: Condvar,
}

#[derive(Default)]
struct WriterState {
    lines: VecDeque<(Stream, String)>,
    /// Lines dropped since the buffer was last emptied.
    left_out: u64,
    /// True if the thread is writing a line.
    writing: bool,
    bars: BTreeMap<u64, Bar>,
    next_bar: u64,
}

impl Terminal {
    pub fn start() -> Self {
        let printer = stderr().is_terminal().then(TerminalWriter::start).flatten();
        Self {
            shares: printer.is_some() && stdout().is_terminal(),
            printer,
        }
    }

    /// Writes the line, or drops it if the buffer is full. Never blocks.
    pub fn line(&self, stream: Stream, text: String) {
        match (&self.printer, stream) {
            (Some(printer), Stream::Err) => printer.add(stream, text),
            (Some(printer), Stream::Out) if self.shares => printer.add(stream, text),
            (_, Stream::Err) => lines::err().say(text),
            (_, Stream::Out) => lines::out().say(text),
        }
    }

    /// Adds a progress bar and returns its number; `None` if standard error is not a terminal.
    pub fn add_bar(&self, bar: Bar) -> Option<u64> {
        let mut work = self.printer.as_ref()?.work();
        work.next_bar += 1;
        let number = work.next_bar;
        work.bars.insert(number, bar);
        Some(number)
    }

    pub fn change_bar(&self, number: u64, progress: f64, stage: &str) {
        let Some(printer) = &self.printer else { return };
        if let Some(bar) = printer.work().bars.get_mut(&number) {
            bar.progress = progress;
            bar.stage.clear();
            bar.stage.push_str(stage);
        }
    }

    pub fn remove_bar(&self, number: u64) {
        if let Some(printer) = &self.printer {
            printer.work().bars.remove(&number);
        }
    }

    /// Waits until the last lines are written, up to `LAST_LINES`: the terminal may be stopped.
    pub async fn end(&self) {
        let Some(printer) = &self.printer else { return };
        let idle = async {
            while !printer.work().is_idle() {
                tokio::time::sleep(TICK / 20).await;
            }
        };
        let _ = tokio::time::timeout(LAST_LINES, idle).await;
    }
}

impl TerminalWriter {
    fn start() -> Option<Arc<Self>> {
        let printer = Arc::new(Self::default());
        let own = printer.clone();
        let thread = std::thread::Builder::new().name("screen".to_owned());
        thread
            .spawn(move || own.run(Bars::default()))
            .ok()
            .map(|_| printer)
    }

    fn add(&self, stream: Stream, text: String) {
        self.work().add(stream, text);
        self.changed.notify_all();
    }

    fn work(&self) -> MutexGuard<'_, WriterState> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut bars: Bars) {
        loop {
            let (lines, shown) = self.next();
            // Write errors are ignored: the worker needs no reader.
            bars.all.suspend(|| {
                lines
                    .into_iter()
                    .for_each(|(stream, line)| write(stream, &line))
            });
            bars.draw(&shown);
            self.work().writing = false;
        }
    }

    /// Returns what to write next: a line, followed by the number of dropped lines if it is the
    /// last one, and the current bars. Waits for a line up to one `TICK`.
    fn next(&self) -> (Vec<(Stream, String)>, BTreeMap<u64, Bar>) {
        let mut work = self.work();
        if work.lines.is_empty() {
            work = self
                .changed
                .wait_timeout(work, TICK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let lines = work.take();
        work.writing = !lines.is_empty();
        (lines, work.bars.clone())
    }
}

impl WriterState {
    fn add(&mut self, stream: Stream, text: String) {
        // Until the notice about dropped lines is written, new lines must not overtake it.
        if self.lines.len() < MAX_LINES && self.left_out == 0 {
            self.lines.push_back((stream, text));
        } else {
            self.left_out += 1;
        }
    }

    fn take(&mut self) -> Vec<(Stream, String)> {
        if let Some((stream, line)) = self.lines.pop_front() {
            let left_out = if self.lines.is_empty() {
                std::mem::take(&mut self.left_out)
            } else {
                0
            };
            let counted = (left_out > 0).then(|| {
                (
                    stream,
                    format!(
                        "({left_out} lines were left out: the terminal did not take them in \
                        time)"
                    ),
                )
            });
            return std::iter::once((stream, line)).chain(counted).collect();
        }
        Vec::new()
    }

    fn is_idle(&self) -> bool {
        self.lines.is_empty() && !self.writing
    }
}

fn write(stream: Stream, line: &str) {
    let _ = match stream {
        Stream::Out => writeln!(stdout(), "{line}"),
        Stream::Err => writeln!(stderr(), "{line}"),
    };
}

#[derive(Default)]
struct Bars {
    all: MultiProgress,
    drawn: BTreeMap<u64, ProgressBar>,
}

impl Bars {
    fn draw(&mut self, shown: &BTreeMap<u64, Bar>) {
        self.drawn.retain(|number, bar| {
            let stays = shown.contains_key(number);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
        for (number, bar) in shown {
            let drawn = self.drawn.entry(*number).or_insert_with(|| {
                let new = ProgressBar::new(100)
                    .with_style(style())
                    .with_elapsed(bar.began.elapsed());
                self.all.add(new.with_prefix(bar.id.clone()))
            });
            drawn.set_position(bar.progress as u64);
            drawn.set_message(bar.stage.clone());
            drawn.tick();
        }
    }
}

fn style() -> ProgressStyle {
    // An invalid template falls back to the default style.
    ProgressStyle::with_template("{prefix} {bar:16} {pos:>3} % {elapsed:>4} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_find_no_room_are_counted_behind_those_that_did() {
        let mut work = WriterState::default();
        for n in 0..MAX_LINES + 3 {
            work.add(Stream::Err, n.to_string());
        }
        let mut written = Vec::new();
        while !work.is_idle() {
            written.extend(work.take().into_iter().map(|(_, line)| line));
        }
        assert_eq!(written.len(), MAX_LINES + 1);
        assert_eq!(
            written[MAX_LINES - 1..],
            [
                "999",
                "(3 lines were left out: the terminal did not take them in time)"
            ]
        );
        work.add(Stream::Err, "later".to_owned());
        assert_eq!(work.take(), [(Stream::Err, "later".to_owned())]);
    }
}

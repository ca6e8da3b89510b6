//! Thread that writes lines and progress bars to a terminal.

use super::{Bar, Stream, TICK, bars::Bars};
use std::{
    collections::{BTreeMap, VecDeque},
    io::{Write, stderr, stdout},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// Maximum number of buffered lines.
const MAX_LINES: usize = 1000;

#[derive(Default)]
pub struct TerminalWriter {
    work: Mutex<WriterState>,
    changed: Condvar,
}

#[derive(Default)]
pub struct WriterState {
    lines: VecDeque<(Stream, String)>,
    /// Lines dropped since the buffer was last emptied.
    left_out: u64,
    /// True if the thread is writing a line.
    writing: bool,
    pub bars: BTreeMap<u64, Bar>,
    pub next_bar: u64,
}

impl TerminalWriter {
    pub fn start() -> Option<Arc<Self>> {
        let printer = Arc::new(Self::default());
        let own = printer.clone();
        let thread = std::thread::Builder::new().name("screen".to_owned());
        thread
            .spawn(move || own.run(Bars::default()))
            .ok()
            .map(|_| printer)
    }

    pub fn add(&self, stream: Stream, text: String) {
        self.work().add(stream, text);
        self.changed.notify_all();
    }

    pub fn work(&self) -> MutexGuard<'_, WriterState> {
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

    pub fn is_idle(&self) -> bool {
        self.lines.is_empty() && !self.writing
    }
}

fn write(stream: Stream, line: &str) {
    let _ = match stream {
        Stream::Out => writeln!(stdout(), "{line}"),
        Stream::Err => writeln!(stderr(), "{line}"),
    };
}

#[cfg(test)]
mod tests;

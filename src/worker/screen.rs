//! Standard output and standard error of a worker. On a terminal, a separate thread writes lines
//! above the progress bars, so that a stopped terminal does not block the worker, which has leases
//! to extend. Lines that do not fit into the buffer are dropped and counted.

mod bars;
mod writer;

use crate::lines;
use std::{
    io::{IsTerminal, stderr, stdout},
    sync::Arc,
    time::{Duration, Instant},
};
use writer::TerminalWriter;

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

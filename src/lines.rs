//! Lines on standard output and standard error that may be lost. A line that cannot be written at
//! once waits in a bounded queue; it is dropped and counted if the queue is full or the write
//! fails. Writing a line never blocks and never panics, whatever happens to the terminal, the pipe
//! or the disk behind it.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::{Duration, Instant},
};

/// Maximum number of queued lines.
const MAX_QUEUED_LINES: usize = 2048;

/// Maximum bytes of a line; the rest is cut off.
const MAX_LINE_BYTES: usize = 16 << 10;

/// Delay between two tries to queue a flush request while the queue is full.
const FLUSH_CHECK_INTERVAL: Duration = Duration::from_millis(5);

static OUT: LazyLock<Lines> = LazyLock::new(|| Lines::start("lines-out", io::stdout()));
static ERR: LazyLock<Lines> = LazyLock::new(|| Lines::start("lines-err", io::stderr()));

/// Returns the lines of standard output.
pub fn out() -> &'static Lines {
    &OUT
}

/// Returns the lines of standard error.
pub fn err() -> &'static Lines {
    &ERR
}

/// Starts the threads that write the lines.
pub fn start() {
    LazyLock::force(&OUT);
    LazyLock::force(&ERR);
}

/// Writes the queued lines, for at most `patience`. Call it before the process ends.
pub fn flush(patience: Duration) {
    let until = Instant::now() + patience;
    for lines in [&OUT, &ERR].into_iter().filter_map(LazyLock::get) {
        lines.flush(until);
    }
}

/// One of the two outputs, with a separate thread that writes to it.
pub struct Lines {
    sender: Option<SyncSender<Message>>,
    dropped: &'static Dropped,
}

enum Message {
    Line(Vec<u8>),
    /// Flush request. The writer drops the sender once all lines before it are written.
    Flush(SyncSender<()>),
}

#[derive(Default)]
struct Dropped {
    all: AtomicU64,
    /// Dropped lines that the output has not reported yet.
    unsaid: AtomicU64,
}

impl Dropped {
    fn count(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.unsaid.fetch_add(1, Ordering::Relaxed);
    }
}

impl Lines {
    /// Starts the writer thread. If it cannot be started, all lines are dropped.
    fn start(name: &str, output: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(MAX_QUEUED_LINES);
        let dropped: &'static Dropped = Box::leak(Box::default());
        let thread = std::thread::Builder::new().name(name.to_owned());
        let started = thread.spawn(move || write_all(output, &receiver, dropped));
        Self {
            sender: started.is_ok().then_some(sender),
            dropped,
        }
    }

    /// Writes one line; `text` has no newline at its end.
    pub fn say(&self, text: impl Display) {
        self.push(format!("{text}\n").into_bytes());
    }

    /// Queues bytes that end with a newline.
    fn push(&self, mut line: Vec<u8>) {
        if line.len() > MAX_LINE_BYTES {
            line.truncate(MAX_LINE_BYTES);
            line.extend_from_slice("…\n".as_bytes());
        }
        let sent = self
            .sender
            .as_ref()
            .is_some_and(|sender| sender.try_send(Message::Line(line)).is_ok());
        if !sent {
            self.dropped.count();
        }
    }

    /// Returns the number of lines dropped since the process began.
    pub fn dropped(&self) -> u64 {
        self.dropped.all.load(Ordering::Relaxed)
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "the process ends, and its runtime has"
    )]
    fn flush(&self, until: Instant) {
        let Some(sender) = &self.sender else { return };
        let (done, wait) = sync_channel(0);
        let mut message = Message::Flush(done);
        while let Err(TrySendError::Full(again)) = sender.try_send(message) {
            if Instant::now() >= until {
                return;
            }
            message = again;
            std::thread::sleep(FLUSH_CHECK_INTERVAL);
        }
        let _ = wait.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

fn write_all(mut output: impl Write, messages: &Receiver<Message>, dropped: &Dropped) {
    for message in messages {
        let line = match message {
            Message::Line(line) => line,
            Message::Flush(done) => {
                drop(done);
                continue;
            }
        };
        if output
            .write_all(&line)
            .and_then(|()| output.flush())
            .is_err()
        {
            dropped.count();
            continue;
        }
        let unsaid = dropped.unsaid.swap(0, Ordering::Relaxed);
        if unsaid > 0
            && writeln!(
                output,
                "{unsaid} lines were dropped: the reader of this output was too slow"
            )
            .is_err()
        {
            dropped.unsaid.fetch_add(unsaid, Ordering::Relaxed);
        }
    }
}

/// Writer for the log, in which each call of `write` is one event.
impl Write for &Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Output that fails unless it is open, and records what it gets.
    #[derive(Clone, Default)]
    struct Tap(Arc<Mutex<(bool, Vec<u8>)>>);

    impl Write for Tap {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut tap = self.0.lock().unwrap();
            if !tap.0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            tap.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn patience() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_named_when_writing_works_again() {
        let tap = Tap::default();
        let lines = Lines::start("test", tap.clone());
        (0..3).for_each(|n| lines.say(n));
        lines.flush(patience());
        assert_eq!(lines.dropped(), 3);
        tap.0.lock().unwrap().0 = true;
        lines.say("again");
        lines.flush(patience());
        let written = String::from_utf8(tap.0.lock().unwrap().1.clone()).unwrap();
        assert_eq!(
            written,
            "again\n3 lines were dropped: the reader of this output was too slow\n"
        );
    }

    #[test]
    fn an_output_that_takes_nothing_blocks_nobody() {
        let tap = Tap::default();
        let lines = Lines::start("test", tap.clone());
        let held = tap.0.lock().unwrap();
        (0..MAX_QUEUED_LINES + 10).for_each(|n| lines.say(n));
        assert!(lines.dropped() >= 9, "{}", lines.dropped());
        lines.flush(Instant::now() + Duration::from_millis(20));
        drop(held);
    }

    #[test]
    fn a_long_line_is_cut() {
        let tap = Tap::default();
        tap.0.lock().unwrap().0 = true;
        let lines = Lines::start("test", tap.clone());
        lines.say("x".repeat(MAX_LINE_BYTES * 2));
        lines.flush(patience());
        assert!(tap.0.lock().unwrap().1.len() < MAX_LINE_BYTES + 8);
    }
}

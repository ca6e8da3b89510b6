//! Standard output and standard error. Whoever reads them may be gone, or they may be full: neither is a reason to panic.

use super::Failure;
use std::{fmt::Display, io::Write, sync::mpsc, thread, time::Duration};

/// How long the end of the program waits for standard error to take its last sentence.
const LAST_SENTENCE: Duration = Duration::from_secs(2);

/// One line.
pub fn say(text: impl Display) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// One line on standard error, which nobody need read.
pub fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The last line on standard error. A pipe that is full and that nobody reads does not keep the program from its end.
pub fn last_words(text: String) {
    let (done, written) = mpsc::channel();
    let line = move || {
        note(text);
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(line).is_ok() {
        let _ = written.recv_timeout(LAST_SENTENCE);
    }
}

//! Standard output of commands. A reader that is gone ends the command, and is no reason to panic.

use super::Failure;
use std::{fmt::Display, io::Write};

/// One line.
pub fn say(text: impl Display) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

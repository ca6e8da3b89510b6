//! Standard output. Whoever reads it may be gone, or it may be full: neither is a reason to panic.

use super::Failure;
use std::{fmt::Display, io::Write};

/// One line.
pub fn say(text: impl Display) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

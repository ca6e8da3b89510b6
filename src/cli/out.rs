//! Standard output and standard error. Whoever reads them may be gone, or they may be full: neither is a reason to panic.
//! What is printed may hold words of strangers: a terminal is shown nothing that steers it.

use super::Failure;
use crate::{
    lines,
    printable::{printable, printable_lines},
};
use serde_json::Value;
use std::{
    fmt::Display,
    io::{IsTerminal, Write},
};

/// Lines, as they are meant for people.
pub fn say(text: impl Display) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{}", printable_lines(&text.to_string()))?)
}

/// JSON for programs, on a line; on a terminal with the same texts in other signs.
pub fn say_json(value: &Value) -> Result<(), Failure> {
    let (text, mut out) = (value.to_string(), std::io::stdout());
    match out.is_terminal() {
        true => writeln!(out, "{}", printable(&text))?,
        false => writeln!(out, "{text}")?,
    }
    Ok(())
}

/// Lines on standard error, which nobody need read.
pub fn note(text: impl Display) {
    lines::err().say(printable_lines(&text.to_string()));
}

//! Standard output and standard error. Writing never panics, even if the reader is gone or the disk
//! is full. The text may be untrusted, so a terminal gets no control characters from it.

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

/// Prints lines for people on standard output.
pub fn say(text: impl Display) -> Result<(), Failure> {
    Ok(writeln!(
        std::io::stdout(),
        "{}",
        printable_lines(&text.to_string())
    )?)
}

/// Prints JSON for programs on one line of standard output. On a terminal, it escapes control
/// characters, which changes no value of the JSON.
pub fn say_json(value: &Value) -> Result<(), Failure> {
    let (text, mut out) = (value.to_string(), std::io::stdout());
    match out.is_terminal() {
        true => writeln!(out, "{}", printable(&text))?,
        false => writeln!(out, "{text}")?,
    }
    Ok(())
}

/// Prints lines on standard error, or drops them if they cannot be written.
pub fn note(text: impl Display) {
    lines::err().say(printable_lines(&text.to_string()));
}

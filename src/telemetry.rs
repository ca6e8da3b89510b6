//! The log: lines on standard error, because standard output is for results.

use crate::{lines, printable::printable};
use std::panic::PanicHookInfo;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::{EnvFilter, field::MakeExt, fmt::format};

/// Starts the log with a filter such as `callsheet=debug`. An invalid filter is an error with a
/// message for the user.
pub fn start(filter: &str) -> Result<(), String> {
    let parsed = EnvFilter::try_new(filter).map_err(|e| {
        format!(
            "the log filter `{filter}` is not understood ({e}): use info, or e.g. callsheet=debug"
        )
    })?;
    // sqlx logs the value of a URL parameter that it does not know, which may be a mistyped
    // password.
    let quiet = "sqlx_postgres::options=off"
        .parse()
        .map_err(|error: ParseError| error.to_string())?;
    let parsed = parsed.add_directive(quiet);
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // Untrusted text in an event is escaped, so that it cannot forge another line or steer a
    // terminal.
    let fields = format::debug_fn(|writer, field, value| {
        let text = format!("{value:?}");
        match field.name() {
            "message" => write!(writer, "{}", printable(&text)),
            name => write!(writer, "{name}={}", printable(&text)),
        }
    });
    let log = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .fmt_fields(fields.delimited(" "))
        .with_writer(lines::err);
    // A second start, as in tests, fails, and the first logger stays.
    let _ = log.with_ansi(ansi).with_target(false).try_init();
    Ok(())
}

/// Reports panics as lines of the log. The default hook blocks until standard error accepts the
/// text.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("?");
        lines::err().say(format_args!("thread '{name}' {panic}"));
    }));
}

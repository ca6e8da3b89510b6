//! The log: lines on standard error, so that standard output stays for answers.

use crate::printable::printable;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::{EnvFilter, field::MakeExt, fmt::format};

/// Starts logging what the filter lets through. A filter that is not understood is answered with a sentence.
pub fn start(filter: &str) -> Result<(), String> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|e| format!("the log filter `{filter}` is not understood ({e}): use info, or e.g. callsheet=debug"))?;
    // sqlx quotes the parameters of an address that it does not know, one of which may be a mistyped password.
    let quiet = "sqlx_postgres::options=off".parse().map_err(|error: ParseError| error.to_string())?;
    let parsed = parsed.add_directive(quiet);
    // A second start, as in tests, keeps the first.
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // An event is one line, whatever strangers' words are in it: none of them forges another, or steers a terminal.
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
        .with_writer(std::io::stderr);
    let _ = log.with_ansi(ansi).with_target(false).try_init();
    Ok(())
}

//! The log: lines on standard error, because standard output is for results.

mod format;
pub mod request;

pub use format::LogFormat;

use crate::lines;
use format::{JsonLine, json_text};
use serde_json::json;
use std::{
    panic::PanicHookInfo,
    sync::atomic::{AtomicBool, Ordering},
};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, filter::ParseError, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Whether the log has one JSON object a line.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Starts the log with a filter such as `callsheet=debug`. An invalid filter is an error with a
/// message for the user.
pub fn start(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = parse(filter)?;
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    IS_JSON.store(format == LogFormat::Json, Ordering::Relaxed);
    // A second start, as in tests, fails, and the first logger stays.
    let _ = match format {
        LogFormat::Text => as_text(filter, ansi, lines::err).try_init(),
        LogFormat::Json => as_json(filter, lines::err).try_init(),
    };
    Ok(())
}

/// Returns the filter, or a message for the user.
pub fn parse(filter: &str) -> Result<EnvFilter, String> {
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
    Ok(parsed.add_directive(quiet))
}

fn as_text<W>(filter: EnvFilter, ansi: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .fmt_fields(format::text_fields())
        .with_writer(writer);
    log.with_ansi(ansi).with_target(false).finish()
}

fn as_json<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer()
        .event_format(JsonLine)
        .with_writer(writer);
    tracing_subscriber::registry().with(filter).with(layer)
}

/// Reports panics as lines of the log. The default hook blocks until standard error accepts the
/// text.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("?");
        let text = format!("thread '{name}' {panic}");
        if IS_JSON.load(Ordering::Relaxed) {
            let line = json!({"level": "error", "message": text});
            lines::err().say(json_text(&line));
        } else {
            lines::err().say(text);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        fn maker(&self) -> impl Fn() -> Self + Send + Sync + 'static {
            let this = self.clone();
            move || this.clone()
        }
    }

    /// Ends a line, steers a terminal, and turns text around.
    const HOSTILE: &str = "a\nlevel=error forged\r\x1b[2J\x1b]0;x\x07\u{9b}31m\u{202e}\u{2028}z";

    fn log_something() {
        tracing::info!(
            title = HOSTILE,
            shown = %HOSTILE,
            count = 3u64,
            ratio = 0.5,
            bad = f64::NAN,
            is_ok = true,
            missing = None::<&str>,
            "a job named {HOSTILE}"
        );
    }

    #[test]
    fn hostile_text_stays_in_its_line_and_steers_nothing() {
        let (text, json) = (Written::default(), Written::default());
        let filter = || parse("info").unwrap();
        tracing::subscriber::with_default(as_text(filter(), false, text.maker()), log_something);
        tracing::subscriber::with_default(as_json(filter(), json.maker()), log_something);
        for written in [text.text(), json.text()] {
            assert_eq!(written.matches('\n').count(), 1, "{written:?}");
            let steers = written.trim_end().contains(crate::printable::steers);
            assert!(!steers, "{written:?}");
        }
    }

    #[test]
    fn a_line_of_json_has_the_fields_as_they_were_given() {
        let json = Written::default();
        let log = as_json(parse("info").unwrap(), json.maker());
        tracing::subscriber::with_default(log, log_something);
        let line: Value = serde_json::from_str(&json.text()).unwrap();
        assert_eq!(line["level"], "info");
        assert_eq!(line["message"], format!("a job named {HOSTILE}"));
        assert_eq!(line["title"], HOSTILE);
        assert_eq!(line["shown"], HOSTILE);
        assert_eq!((&line["count"], &line["ratio"]), (&json!(3), &json!(0.5)));
        assert_eq!((&line["bad"], &line["is_ok"]), (&Value::Null, &json!(true)));
        assert_eq!(line.get("missing"), None);
        let at = line["timestamp"].as_str().unwrap();
        assert!(at.ends_with('Z') && at.contains('T'), "{at}");
    }

    #[test]
    fn a_long_text_is_cut_so_that_the_line_stays_json() {
        let json = Written::default();
        let log = as_json(parse("info").unwrap(), json.maker());
        tracing::subscriber::with_default(log, || {
            tracing::info!(error = "x".repeat(100_000), "long");
        });
        let line: Value = serde_json::from_str(&json.text()).unwrap();
        assert!(line["error"].as_str().unwrap().len() < 5000);
    }
}

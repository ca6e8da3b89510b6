//! The two formats of a line. Untrusted text in an event is escaped in both, so that it cannot
//! forge another line or steer a terminal.

use crate::printable::printable;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fmt::{Debug, Error, Result};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::MakeExt,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// Format of the log.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Maximum bytes of a text in a JSON line. A longer line than the log takes would be cut, and be no
/// JSON any more.
const MAX_TEXT_BYTES: usize = 4000;

/// Returns the formatter of the fields of a text line.
pub fn text_fields() -> impl for<'w> FormatFields<'w> + Send + Sync + 'static {
    let fields = format::debug_fn(|writer, field: &Field, value: &dyn Debug| {
        let text = format!("{value:?}");
        match field.name() {
            "message" => write!(writer, "{}", printable(&text)),
            name => write!(writer, "{name}={}", printable(&text)),
        }
    });
    fields.delimited(" ")
}

/// Returns JSON in one line, in which every character that steers a terminal is escaped.
pub fn json_text(value: &Value) -> String {
    printable(&value.to_string()).into_owned()
}

/// Formats an event as one JSON object: `timestamp`, `level`, `message`, and its fields.
pub struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> Result {
        let mut at = String::new();
        SystemTime.format_time(&mut Writer::new(&mut at))?;
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let Fields(mut line) = fields;
        let level = event.metadata().level().as_str().to_lowercase();
        line.insert("timestamp".to_owned(), json!(at));
        line.insert("level".to_owned(), json!(level));
        writeln!(writer, "{}", json_text(&Value::Object(line))).map_err(|_| Error)
    }
}

/// Collects the fields of an event.
struct Fields(Map<String, Value>);

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }

    fn add_text(&mut self, field: &Field, text: &str) {
        let end = text.floor_char_boundary(MAX_TEXT_BYTES);
        let mark = if end < text.len() { "…" } else { "" };
        self.add(field, json!(format!("{}{mark}", &text[..end])));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, json!(value));
    }
}

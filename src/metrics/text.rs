//! Text of a scrape, in one of two formats.

use super::{Instruments, Measured, collect::Scrape};
use prometheus_client::{
    encoding::{prometheus_text, text as open_metrics},
    registry::Registry,
};
use std::{fmt::Error, sync::Arc};

/// Format of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    OpenMetrics,
    /// Older text format of Prometheus.
    Prometheus,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
        }
    }
}

/// Returns the text of a registry that has these values and nothing else.
pub fn text(
    instruments: Arc<Instruments>,
    measured: Measured,
    format: Format,
) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape {
        instruments,
        measured,
    }));
    let mut text = String::new();
    match format {
        Format::OpenMetrics => open_metrics::encode(&mut text, &registry)?,
        Format::Prometheus => prometheus_text::encode(&mut text, &registry)?,
    }
    Ok(text)
}

#[cfg(test)]
mod tests;

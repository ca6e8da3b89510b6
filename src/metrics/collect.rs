//! Text of a scrape.

use super::{
    Distribution, Ending, Instruments, MAX_TYPES, Measured, OTHER,
    families::{self as of, Family},
    requests::LEGACY_PREFIX,
};
use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet,
        prometheus_text, text as open_metrics,
    },
    registry::Registry,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{Error, Result},
    sync::Arc,
};

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
) -> std::result::Result<String, Error> {
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

#[derive(Debug)]
struct Scrape {
    instruments: Arc<Instruments>,
    measured: Measured,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder) -> Result {
        let mut out = Writer(encoder);
        self.server(&mut out)?;
        self.database(&mut out)?;
        self.jobs(&mut out)?;
        self.requests(&mut out)?;
        self.writes(&mut out)?;
        self.cache(&mut out)?;
        self.loops(&mut out)?;
        self.files(&mut out)
    }
}

impl Scrape {
    fn server(&self, out: &mut Writer) -> Result {
        let measured = &self.measured;
        out.labelled(&of::BUILD, |family| {
            let labels = [
                ("version", measured.version),
                ("database", measured.database_name),
            ];
            family.encode_family(&labels)?.encode_gauge(&1u64)
        })?;
        out.gauge(&of::UPTIME, &measured.uptime_seconds)?;
        out.gauge(&of::DRAINING, &u64::from(measured.is_draining))?;
        out.counter(&of::LOG_DROPPED, measured.dropped_log_lines)
    }

    fn database(&self, out: &mut Writer) -> Result {
        let measured = &self.measured;
        out.gauge(&of::DATABASE_UP, &u64::from(measured.database.is_some()))?;
        let states = [
            ("idle", measured.connections.idle),
            ("used", measured.connections.used),
        ];
        out.labelled(&of::CONNECTIONS, |family| {
            let gauge = |(state, n): &(&str, u64)| {
                let labels = [("state", *state)];
                family.encode_family(&labels)?.encode_gauge(n)
            };
            states.iter().try_for_each(gauge)
        })?;
        let Some(database) = &measured.database else {
            return Ok(());
        };
        out.gauge(&of::WORKERS_LIVE, &database.workers_live)?;
        if let Some(ahead) = &database.clock_ahead {
            out.gauge(&of::CLOCK_AHEAD, ahead)?;
        }
        let named = named_types(&database.jobs);
        out.labelled(&of::JOBS, |family| {
            for ((job_type, status), jobs) in by_label(&database.jobs, &named) {
                let labels = [("job_type", job_type), ("status", status)];
                family.encode_family(&labels)?.encode_gauge(&jobs)?;
            }
            Ok(())
        })?;
        let oldest = oldest_by_label(&database.oldest_due, &named);
        out.labelled(&of::OLDEST_DUE, |family| {
            for (job_type, seconds) in oldest {
                let labels = [("job_type", job_type)];
                family.encode_family(&labels)?.encode_gauge(&seconds)?;
            }
            Ok(())
        })
    }

    fn jobs(&self, out: &mut Writer) -> Result {
        let types = self.instruments.jobs.all();
        out.labelled(&of::JOBS_CREATED, |family| {
            for one in types.iter().filter(|one| one.created() > 0) {
                let labels = [("job_type", one.name.as_str())];
                count(family, &labels, one.created())?;
            }
            Ok(())
        })?;
        out.labelled(&of::JOBS_ENDED, |family| {
            for one in &types {
                for ending in Ending::ALL {
                    let jobs = one.ended(ending);
                    let labels = [("job_type", one.name.as_str()), ("status", ending.as_str())];
                    if jobs > 0 {
                        count(family, &labels, jobs)?;
                    }
                }
            }
            Ok(())
        })?;
        out.labelled(&of::JOB_WAIT, |family| {
            for one in types.iter().filter(|one| one.waits.count() > 0) {
                distribute(family, &[("job_type", one.name.as_str())], &one.waits)?;
            }
            Ok(())
        })?;
        out.labelled(&of::JOB_RUN, |family| {
            for one in types.iter().filter(|one| one.runs.count() > 0) {
                distribute(family, &[("job_type", one.name.as_str())], &one.runs)?;
            }
            Ok(())
        })
    }

    fn requests(&self, out: &mut Writer) -> Result {
        let requests = &self.instruments.requests;
        out.labelled(&of::REQUESTS, |family| {
            requests.for_each(|operation, by_status, _| {
                by_status.iter().try_for_each(|(status, n)| {
                    let labels = [("operation", operation), ("status", status.as_str())];
                    count(family, &labels, *n)
                })
            })
        })?;
        out.labelled(&of::LEGACY_CALLS, |family| {
            requests.for_each(|operation, by_status, _| {
                if !operation.starts_with(LEGACY_PREFIX) {
                    return Ok(());
                }
                let calls = by_status.iter().map(|(_, n)| n).sum();
                count(family, &[("route", operation)], calls)
            })
        })?;
        out.labelled(&of::REQUEST_DURATION, |family| {
            requests.for_each(|operation, _, durations| {
                distribute(family, &[("operation", operation)], durations)
            })
        })?;
        out.gauge(&of::CLAIMS_WAITING, &self.measured.claims_waiting)?;
        out.gauge(&of::STREAMS_OPEN, &self.measured.streams_open)
    }

    fn writes(&self, out: &mut Writer) -> Result {
        let instruments = &self.instruments;
        out.gauge(&of::WRITES_WAITING, &self.measured.writes_waiting)?;
        out.counter(&of::WRITES_BLOCKED, instruments.blocked_writes())?;
        out.distribution(&of::BATCH_SIZE, &instruments.batch_sizes)?;
        out.distribution(&of::COMMIT, &instruments.commits)?;
        out.labelled(&of::QUERY, |family| {
            for (kind, durations) in instruments.queries.all() {
                distribute(family, &[("kind", kind)], durations)?;
            }
            Ok(())
        })
    }

    fn cache(&self, out: &mut Writer) -> Result {
        let measured = &self.measured;
        out.gauge(&of::CACHE_ENTRIES, &measured.cached_jobs)?;
        out.counter(&of::CACHE_HITS, measured.cache_hits)?;
        out.counter(&of::CACHE_MISSES, measured.cache_misses)?;
        out.counter(&of::CACHE_EVICTIONS, measured.cache_evictions)
    }

    fn loops(&self, out: &mut Writer) -> Result {
        let loops = &self.measured.loops;
        out.labelled(&of::LOOP_SUCCESS, |family| {
            for one in loops {
                if let Some(at) = one.succeeded_at {
                    family
                        .encode_family(&[("loop", one.name)])?
                        .encode_gauge(&at)?;
                }
            }
            Ok(())
        })?;
        out.labelled(&of::LOOP_ERRORS, |family| {
            let mut each = loops.iter();
            each.try_for_each(|one| count(family, &[("loop", one.name)], one.errors))
        })
    }

    fn files(&self, out: &mut Writer) -> Result {
        if let Some(files) = &self.measured.files {
            out.gauge(&of::SQLITE_BYTES, &files.database)?;
            out.gauge(&of::SQLITE_WAL, &files.log)?;
        }
        match self.measured.database.as_ref().and_then(|db| db.free_pages) {
            Some(pages) => out.gauge(&of::SQLITE_FREE, &pages),
            None => Ok(()),
        }
    }
}

/// Writes families one after the other.
struct Writer<'a>(DescriptorEncoder<'a>);

impl Writer<'_> {
    fn labelled(
        &mut self,
        family: &'static Family,
        encode: impl FnOnce(&mut MetricEncoder) -> Result,
    ) -> Result {
        let mut metric = self
            .0
            .encode_descriptor(family.name, family.help, None, family.kind)?;
        encode(&mut metric)
    }

    fn gauge(&mut self, family: &'static Family, value: &impl EncodeGaugeValue) -> Result {
        self.labelled(family, |metric| metric.encode_gauge(value))
    }

    fn counter(&mut self, family: &'static Family, value: u64) -> Result {
        self.labelled(family, |metric| {
            metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
        })
    }

    fn distribution(&mut self, family: &'static Family, values: &Distribution) -> Result {
        let read = values.read();
        self.labelled(family, |metric| {
            metric.encode_histogram::<NoLabelSet>(read.sum, read.count, &read.buckets, None)
        })
    }
}

fn count(family: &mut MetricEncoder, labels: &impl EncodeLabelSet, value: u64) -> Result {
    let mut metric = family.encode_family(labels)?;
    metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
}

fn distribute(
    family: &mut MetricEncoder,
    labels: &impl EncodeLabelSet,
    values: &Distribution,
) -> Result {
    let read = values.read();
    let mut metric = family.encode_family(labels)?;
    metric.encode_histogram::<NoLabelSet>(read.sum, read.count, &read.buckets, None)
}

/// Returns the types that get labels of their own: those with the most jobs.
fn named_types<'a>(jobs: &'a [(String, &'static str, u64)]) -> BTreeSet<&'a str> {
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    for (job_type, _, n) in jobs {
        let total = totals.entry(job_type).or_default();
        *total = total.saturating_add(*n);
    }
    let mut by_size: Vec<_> = totals.into_iter().collect();
    by_size.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let largest = by_size.into_iter().take(MAX_TYPES);
    largest.map(|(job_type, _)| job_type).collect()
}

fn label<'a>(job_type: &'a str, named: &BTreeSet<&str>) -> &'a str {
    if named.contains(job_type) {
        job_type
    } else {
        OTHER
    }
}

/// Returns the jobs by the labels of type and status.
fn by_label<'a>(
    jobs: &'a [(String, &'static str, u64)],
    named: &BTreeSet<&str>,
) -> BTreeMap<(&'a str, &'static str), u64> {
    let mut by_label = BTreeMap::new();
    for (job_type, status, n) in jobs {
        let sum: &mut u64 = by_label
            .entry((label(job_type, named), *status))
            .or_default();
        *sum = sum.saturating_add(*n);
    }
    by_label
}

/// Returns the longest time by the label of the type; 0 for a named type without a due job.
fn oldest_by_label<'a>(
    oldest: &'a [(String, f64)],
    named: &BTreeSet<&'a str>,
) -> BTreeMap<&'a str, f64> {
    let mut by_label: BTreeMap<&str, f64> = named.iter().map(|one| (*one, 0.0)).collect();
    for (job_type, seconds) in oldest {
        let longest = by_label.entry(label(job_type, named)).or_default();
        *longest = longest.max(*seconds);
    }
    by_label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Connections, DatabaseNumbers, Files, LoopNumbers, QueryKind};
    use std::time::Duration;

    fn everything() -> (Arc<Instruments>, Measured) {
        let instruments = Instruments::default();
        instruments
            .requests
            .name_operations(["get_job"].into_iter());
        let took = Duration::from_millis(2);
        instruments.requests.observe(Some("get_job"), 200, took);
        instruments.jobs.created("a");
        instruments.jobs.started("a", Some(2.0));
        instruments.jobs.ended("a", Ending::Completed, Some(40.0));
        instruments.queries.observe(QueryKind::Read, took);
        instruments.batch_sizes.observe(3.0);
        instruments.commits.observe(0.002);
        let database = DatabaseNumbers {
            jobs: vec![("a".into(), "queued", 4), ("b\"\n".into(), "failed", 1)],
            oldest_due: vec![("a".into(), 12.5)],
            workers_live: 2,
            clock_ahead: Some(-0.25),
            free_pages: Some(7),
        };
        let one_loop = LoopNumbers {
            name: "sweep",
            succeeded_at: Some(1_767_225_600.5),
            errors: 3,
        };
        let measured = Measured {
            version: "0.1.0",
            database_name: "SQLite",
            database: Some(database),
            connections: Connections { idle: 7, used: 1 },
            loops: vec![one_loop],
            files: Some(Files {
                database: 4096,
                log: 0,
            }),
            ..Measured::default()
        };
        (Arc::new(instruments), measured)
    }

    #[test]
    fn every_family_is_in_a_full_scrape() {
        let (instruments, measured) = everything();
        let text = text(instruments, measured, Format::OpenMetrics).unwrap();
        for family in of::FAMILIES {
            let described = format!("# HELP {} {}\n", family.name, family.help);
            assert!(text.contains(&described), "{described}{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        for line in [
            "callsheet_jobs{job_type=\"a\",status=\"queued\"} 4",
            "callsheet_jobs{job_type=\"b\\\"\\n\",status=\"failed\"} 1",
            "callsheet_oldest_due_seconds{job_type=\"a\"} 12.5",
            "callsheet_jobs_ended_total{job_type=\"a\",status=\"completed\"} 1",
            "callsheet_http_requests_total{operation=\"get_job\",status=\"200\"} 1",
            "callsheet_job_run_seconds_bucket{le=\"60.0\",job_type=\"a\"} 1",
            "callsheet_db_connections{state=\"used\"} 1",
            "callsheet_loop_errors_total{loop=\"sweep\"} 3",
            "callsheet_database_up 1",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line} in\n{text}");
        }
    }

    #[test]
    fn the_older_format_names_counters_as_prometheus_expects() {
        let (instruments, measured) = everything();
        let text = text(instruments, measured, Format::Prometheus).unwrap();
        assert!(text.contains("# TYPE callsheet_jobs_created_total counter\n"));
        assert!(!text.contains("# EOF"), "{text}");
    }

    #[test]
    fn a_database_that_is_away_takes_only_its_own_numbers_along() {
        let (instruments, measured) = everything();
        let away = Measured {
            database: None,
            ..measured
        };
        let text = text(instruments, away, Format::OpenMetrics).unwrap();
        assert!(text.contains("callsheet_database_up 0\n"));
        assert!(!text.contains("callsheet_workers_live"), "{text}");
        assert!(text.contains("callsheet_commit_seconds_count 1\n"));
    }

    #[test]
    fn beyond_a_hundred_types_the_smallest_share_a_label() {
        let jobs: Vec<_> = (0..150u64)
            .map(|n| (format!("type-{n:03}"), "queued", n + 1))
            .collect();
        let named = named_types(&jobs);
        let by_label = by_label(&jobs, &named);
        assert_eq!(by_label.len(), MAX_TYPES + 1);
        assert_eq!(by_label[&(OTHER, "queued")], (1..=50).sum::<u64>());
        assert_eq!(by_label[&("type-149", "queued")], 150);
        let oldest = [("type-000".to_owned(), 9.0), ("type-001".to_owned(), 4.0)];
        assert_eq!(oldest_by_label(&oldest, &named)[OTHER], 9.0);
    }
}

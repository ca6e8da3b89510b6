//! Samples of a scrape, in a method for each subject.

use super::{
    Ending, Instruments, Measured, families as of,
    requests::LEGACY_PREFIX,
    type_labels::{by_label, named_types, oldest_by_label},
    writer::{Writer, count, distribute},
};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};
use std::{fmt::Result, sync::Arc};

#[derive(Debug)]
pub struct Scrape {
    pub instruments: Arc<Instruments>,
    pub measured: Measured,
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
        out.counter(&of::CACHE_EVICTIONS, measured.cache_evictions)?;
        let Some(redis) = measured.redis else {
            return Ok(());
        };
        out.gauge(&of::REDIS_UP, &u64::from(redis.is_up))?;
        out.counter(&of::REDIS_HITS, redis.hits)?;
        out.counter(&of::REDIS_MISSES, redis.misses)?;
        out.counter(&of::REDIS_FAILURES, redis.failures)
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
